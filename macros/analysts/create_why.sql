{% macro create_why() %}
    {#- why(for_user, for_item): the score of an item for a user in parts, where it stands, and what withholds it. -#}
    {#- Not in a clone, which may lack the tables that it reads. -#}
    {%- if flags.WHICH != 'clone' %}
    create or replace macro {{ two_tower.without_database(this).include(identifier=false) }}.why(for_user, for_item) as table
    with

    pairs as (
        select
            users.user_id,
            users.segment,
            users.source,
            items.item_id,
            array_inner_product(users.embedding, items.embedding) as score
        from {{ two_tower.for_analysts('user_vectors') }} as users
        cross join {{ two_tower.for_analysts('item_vectors') }} as items
        where users.user_id = cast(for_user as varchar) and items.item_id = cast(for_item as varchar)
    ),

    contributions as (
        {{ two_tower.contributions('pairs') }}
    ),

    published as (
        select lists.*
        from {{ two_tower.for_analysts('recommendations') }} as lists
        where lists.user_id = cast(for_user as varchar) and lists.item_id = cast(for_item as varchar)
    ),

    answers as (
        select 1 as place, 'published rank' as what, null as detail, published.rank as value from published
        union all
        select 2, 'rule', unnest(published.applied_rules), null from published
        union all
        select 3, 'withheld', unavailable.reason, null
        from {{ two_tower.for_analysts('unavailable_items') }} as unavailable
        inner join pairs on unavailable.segment = pairs.segment and unavailable.item_id = pairs.item_id
        union all
        select 4, 'excluded', excluded.reason, null
        from {{ two_tower.for_analysts('excluded_items') }} as excluded
        inner join pairs on excluded.user_id = pairs.user_id and excluded.item_id = pairs.item_id
        union all
        select 5, 'score', 'by ' || pairs.source, pairs.score from pairs
        union all
        select 6, 'from history item', contributions.history_item_id, contributions.contribution
        from contributions
        union all
        select 7, 'from features and bias', null, pairs.score - coalesce(history.total, 0)
        from pairs
        cross join (select sum(contributions.contribution) as total from contributions) as history
        where pairs.source != 'popularity'
    )

    select
        answers.what,
        answers.detail,
        answers.value
    from answers
    order by answers.place asc, answers.value desc
    {%- endif %}
{%- endmacro %}
