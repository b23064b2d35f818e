{% macro bought_together(stage) %}
    {#- Select of the items that go with an item in baskets: item_id, rank, bought_item_id, support, confidence, lift, lift_low.
        The share of an item's baskets that hold the other is shrunk to that of its kind, within the kind to chance, so that ten baskets of
        the kind count as much as ten of its own. Among equally likely items the rarer one goes first. -#}
    with

    events as (
        {{ two_tower.known_events(stage) }}
    ),

    nobody as (
        {{ two_tower.outsized_ids('events', 'user_id') }}
    ),

    numbered as (
        select
            item_id,
            dense_rank() over (order by {{ two_tower.basket_key() }} asc) as basket
        from events
        anti join nobody on events.user_id = nobody.id
        where event_at >= now_at - interval {{ var('two_tower_basket_days') }} day
    ),

    -- what has no times makes one basket of a history, and no pairs
    lines as (
        select distinct basket, item_id from numbered
        qualify count(*) over (partition by basket) <= 500
    ),

    totals as (
        select count(distinct basket) as baskets from lines
    ),

    {#- numbers in place of ids: text is slow to compare in millions of pairs -#}
    items as (
        select
            lines.item_id,
            any_value(dense_kinds.number) as kind,
            cast(row_number() over (order by {{ two_tower.stable_hash(['lines.item_id']) }} asc) as integer) as number,
            count(*) as baskets
        from lines
        inner join (
            select item_id, dense_rank() over (order by kind asc) as number from {{ ref('two_tower', 'item_categories') }}
        ) as dense_kinds on lines.item_id = dense_kinds.item_id
        group by lines.item_id
    ),

    offers as (
        select items.* from items
        anti join ({{ two_tower.withheld_from_all(stage) }}) as unavailable on items.item_id = unavailable.item_id
        where items.baskets >= {{ var('two_tower_min_support') }}
    ),

    contents as (
        select lines.basket, items.number, items.kind from lines
        inner join items on lines.item_id = items.item_id
    ),

    offered as (
        select contents.* from contents semi join offers on contents.number = offers.number
    ),

    pairs as (
        select
            contents.number as one,
            offered.number as other,
            count(*) as support
        from contents
        inner join offered on contents.basket = offered.basket and contents.number <> offered.number
        group by contents.number, offered.number
        having count(*) >= 2
    ),

    kinds as (
        select kind, count(distinct basket) as baskets from contents group by kind
    ),

    of_kinds as (
        select
            kinds.kind,
            offered.number as other,
            count(*) / any_value(kinds.baskets) as share
        from (select distinct basket, kind from contents) as held
        inner join offered on held.basket = offered.basket and held.kind <> offered.kind
        inner join kinds on held.kind = kinds.kind
        group by kinds.kind, offered.number
        qualify row_number() over (partition by kinds.kind order by count(*) desc, offered.number asc) <= {{ 10 * var('two_tower_k') }}
    ),

    named as (
        select one, other from pairs
        union
        select items.number, of_kinds.other from items inner join of_kinds on items.kind = of_kinds.kind
    ),

    scored as (
        select
            items.item_id,
            offers.item_id as bought_item_id,
            offers.baskets as other_baskets,
            totals.baskets as all_baskets,
            items.baskets * offers.baskets / totals.baskets as expected,
            coalesce(pairs.support, 0) as support,
            (coalesce(pairs.support, 0) + 10 * coalesce(of_kinds.share, offers.baskets / totals.baskets)) / (items.baskets + 10) as confidence
        from named
        inner join items on named.one = items.number
        inner join offers on named.other = offers.number
        cross join totals
        left join pairs on named.one = pairs.one and named.other = pairs.other
        left join of_kinds on items.kind = of_kinds.kind and named.other = of_kinds.other
    )

    select
        item_id,
        cast(
            row_number() over (
                partition by item_id
                order by confidence / power(other_baskets, 0.1) desc, {{ two_tower.stable_hash(['bought_item_id']) }} asc
            ) as integer
        ) as rank,
        bought_item_id,
        support,
        confidence,
        confidence * all_baskets / other_baskets as lift,
        -- the least that a Poisson count of `support` suggests, 19 times out of 20
        power(greatest(sqrt(support) - 0.82, 0), 2) / expected as lift_low
    from scored
    where confidence * all_baskets >= other_baskets
    qualify rank <= {{ var('two_tower_k') }}
{%- endmacro %}
