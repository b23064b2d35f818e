with

lists as (
    {{ two_tower.bought_together('evaluation') }}
),

-- one line of SQL: what most baskets of the item hold, too
events as (
    {{ two_tower.known_events('evaluation') }}
),

lines as (
    select distinct
        {{ two_tower.basket_key() }} as basket,
        item_id
    from events
    where event_at >= now_at - interval {{ var('two_tower_basket_days') }} day
    qualify count(*) over (partition by basket) <= 500
),

counted as (
    select
        ones.item_id,
        others.item_id as bought_item_id
    from lines as ones
    inner join lines as others on ones.basket = others.basket and ones.item_id <> others.item_id
    group by ones.item_id, others.item_id
    having count(*) >= {{ var('two_tower_min_support') }}
    qualify
        row_number() over (
            partition by ones.item_id order by count(*) desc, {{ two_tower.stable_hash(['others.item_id']) }} asc
        ) <= {{ var('two_tower_k') }}
),

baskets as (
    {{ two_tower.evaluated_baskets() }}
),

final as (
    select
        'bought_together' as list_type,
        'another item of a basket' as task,
        'plain count of baskets' as baseline,
        baskets.user_id as unit_id,
        avg(cast(lists.item_id is not null as integer)) as value,
        avg(cast(counted.item_id is not null as integer)) as baseline_value
    from baskets
    left join lists on baskets.item_id = lists.item_id and baskets.next_item_id = lists.bought_item_id
    left join counted on baskets.item_id = counted.item_id and baskets.next_item_id = counted.bought_item_id
    group by baskets.user_id
)

select * from final
