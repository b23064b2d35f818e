with

clock as (
    select {{ two_tower.end_of_data() }} as now_at from {{ ref('two_tower', 'interaction_splits') }}
),

nobody as (
    {{ two_tower.outsized_ids(ref('two_tower', 'interaction_splits'), 'user_id') }}
),

-- what a user had on one day is one basket; what has no times, or is of many people under one id, makes no pairs
lines as (
    select distinct
        dense_rank() over (order by splits.user_id asc, date_trunc('day', splits.event_at) asc) as basket,
        splits.item_id
    from {{ ref('two_tower', 'interaction_splits') }} as splits
    cross join clock
    anti join nobody on splits.user_id = nobody.id
    where splits.event_at >= clock.now_at - interval {{ var('two_tower_basket_days') }} day
    qualify count(*) over (partition by splits.user_id, date_trunc('day', splits.event_at)) <= 500
),

totals as (
    select count(distinct basket) as baskets from lines
),

unavailable as (
    select item_id from {{ two_tower.unavailable_items() }} where segment = 'all'
),

items as (
    select
        item_id,
        cast(row_number() over (order by {{ two_tower.stable_hash(['item_id']) }} asc) as integer) as number,
        count(*) as baskets
    from lines
    group by item_id
    having count(*) >= {{ var('two_tower_min_support') }}
),

numbered as (
    select lines.basket, items.number from lines
    inner join items on lines.item_id = items.item_id
),

pairs as (
    select
        ones.number as one,
        others.number as other,
        count(*) as support
    from numbered as ones
    inner join numbered as others on ones.basket = others.basket and ones.number < others.number
    group by ones.number, others.number
    having count(*) >= {{ var('two_tower_min_support') }}
),

both_ways as (
    select * from pairs
    union all
    select other, one, support from pairs
),

final as (
    select
        items.item_id,
        cast(
            row_number() over (
                partition by items.item_id
                order by both_ways.support / others.baskets desc, both_ways.support desc, others.number asc
            ) as integer
        ) as rank,
        others.item_id as bought_item_id,
        both_ways.support,
        both_ways.support / items.baskets as confidence,
        both_ways.support * totals.baskets / (items.baskets * others.baskets) as lift
    from both_ways
    inner join items on both_ways.one = items.number
    inner join items as others on both_ways.other = others.number
    cross join totals
    anti join unavailable on others.item_id = unavailable.item_id
    where lift >= 1
    qualify rank <= {{ var('two_tower_k') }}
)

select * from final
