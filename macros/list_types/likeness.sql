{% macro likeness(seekers, offers, traits, neighbours) %}
    {#- Select of how alike items are: item_id, similar_item_id, similarity. First the cosine of their traits, in which a rare one weighs
        more; the cosine of their users raises it, but is little by itself, for everyone has the milk. Among equals what sells goes first. All
        four arguments are names of relations or CTEs. -#}
    with

    rarity as (
        select
            traits.trait,
            ln(1 + any_value(sizes.n) / count(*)) as weight
        from {{ traits }} as traits
        inner join {{ offers }} as offers on traits.item_id = offers.item_id
        cross join (select count(*) as n from {{ offers }}) as sizes
        group by traits.trait
        having count(*) <= 1000
    ),

    weighed as (
        select
            traits.item_id,
            traits.trait,
            rarity.weight / sqrt(sum(rarity.weight * rarity.weight) over (partition by traits.item_id)) as weight
        from {{ traits }} as traits
        inner join rarity on traits.trait = rarity.trait
        where
            traits.item_id in (select seekers.item_id from {{ seekers }} as seekers)
            or traits.item_id in (select offers.item_id from {{ offers }} as offers)
    ),

    by_traits as (
        select
            ones.item_id,
            others.item_id as similar_item_id,
            round(sum(ones.weight * others.weight), 9) as cosine
        from weighed as ones
        inner join weighed as others on ones.trait = others.trait and ones.item_id <> others.item_id
        where
            ones.item_id in (select seekers.item_id from {{ seekers }} as seekers)
            and others.item_id in (select offers.item_id from {{ offers }} as offers)
        group by ones.item_id, others.item_id
    ),

    by_users as (
        select
            neighbours.item_id,
            neighbours.neighbour_id as similar_item_id,
            neighbours.similarity as cosine
        from {{ neighbours }} as neighbours
        inner join {{ seekers }} as seekers on neighbours.item_id = seekers.item_id
    ),

    pairs as (
        select
            coalesce(by_traits.item_id, by_users.item_id) as item_id,
            coalesce(by_traits.similar_item_id, by_users.similar_item_id) as similar_item_id,
            coalesce(by_traits.cosine, 0) as of_traits,
            coalesce(by_users.cosine, 0) as of_users
        from by_traits
        full join by_users on by_traits.item_id = by_users.item_id and by_traits.similar_item_id = by_users.similar_item_id
    )

    select
        pairs.item_id,
        pairs.similar_item_id,
        pairs.of_traits * (1 + 6 * pairs.of_users) + 0.5 * pairs.of_users + 0.02 * ln(1 + offers.recent_users) as similarity
    from pairs
    inner join {{ offers }} as offers on pairs.similar_item_id = offers.item_id
{%- endmacro %}
