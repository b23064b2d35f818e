with

lists as (
    {{ two_tower.bought_together('evaluation') }}
),

baskets as (
    {{ two_tower.evaluated_baskets() }}
),

-- all of a basket but one is shown
given as (
    select basket, item_id from baskets where place > 1
),

wanted as (
    select user_id, basket, item_id from baskets where place = 1
),

completed as (
    {{ two_tower.completions('given', 'lists') }}
),

found as (
    select basket, item_id from completed
    qualify
        row_number() over (
            partition by basket order by score desc, {{ two_tower.stable_hash(['item_id']) }} asc
        ) <= {{ var('two_tower_k') }}
),

-- one line of SQL: what most users had lately and the basket does not hold
popular as (
    select
        item_id,
        row_number() over (
            order by recent_users desc, users desc, {{ two_tower.stable_hash(['item_id']) }} asc
        ) as place
    from {{ ref('two_tower', 'item_features') }}
    where cutoff = 1
),

popular_found as (
    select
        wanted.basket,
        popular.place - count(held.place) <= {{ var('two_tower_k') }} as is_found
    from wanted
    inner join popular on wanted.item_id = popular.item_id
    left join given on wanted.basket = given.basket
    left join popular as held on given.item_id = held.item_id and popular.place > held.place
    group by wanted.basket, popular.place
),

final as (
    select
        'complete_basket' as list_type,
        'the missing item of a basket' as task,
        'most popular items' as baseline,
        wanted.user_id as unit_id,
        avg(cast(found.item_id is not null as integer)) as value,
        avg(cast(coalesce(popular_found.is_found, false) as integer)) as baseline_value
    from wanted
    left join found on wanted.basket = found.basket and wanted.item_id = found.item_id
    left join popular_found on wanted.basket = popular_found.basket
    group by wanted.user_id
)

select * from final
