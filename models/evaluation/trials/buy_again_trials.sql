with

lists as (
    {{ two_tower.buy_again('evaluation') }}
),

events as (
    {{ two_tower.known_events('evaluation') }}
),

chances as (
    {{ two_tower.chances('evaluation') }}
),

had_twice as (
    {{ two_tower.repeat_purchases('evaluation') }}
),

recent as (
    select
        user_id,
        item_id,
        count(distinct date_trunc('day', event_at)) as purchases
    from events
    where event_at >= now_at - interval 90 day
    group by user_id, item_id
),

taken as (select user_id, item_id from {{ ref('two_tower', 'cutoff_targets') }} where is_measured),

-- what users had more than once, and how often lately
pairs as (
    select
        had_twice.user_id,
        had_twice.item_id,
        chances.chance,
        coalesce(recent.purchases, 0) as recent_purchases,
        cast(taken.item_id is not null as integer) as is_taken
    from had_twice
    inner join chances on had_twice.user_id = chances.user_id and had_twice.item_id = chances.item_id
    left join recent on had_twice.user_id = recent.user_id and had_twice.item_id = recent.item_id
    left join taken on had_twice.user_id = taken.user_id and had_twice.item_id = taken.item_id
),

-- one line of SQL: the purchases of 90 days
often as (
    select * from pairs
    qualify
        row_number() over (
            partition by user_id order by recent_purchases desc, {{ two_tower.stable_hash(['item_id']) }} asc
        ) <= {{ var('two_tower_k') }}
),

precisions as (
    select
        'taken of the list' as task,
        'purchases of 90 days' as baseline,
        often.user_id as unit_id,
        avg(cast(taken.item_id is not null as integer)) as value,
        avg(often.is_taken) as baseline_value
    from often
    left join lists on often.user_id = lists.user_id
    left join taken on lists.user_id = taken.user_id and lists.item_id = taken.item_id
    group by often.user_id
),

-- the chance that a pair that was taken stands before one that was not
ordered as (
    select
        user_id,
        is_taken,
        rank() over (partition by user_id order by chance asc)
        + (count(*) over (partition by user_id, chance) - 1) / 2.0 as place,
        rank() over (partition by user_id order by recent_purchases asc)
        + (count(*) over (partition by user_id, recent_purchases) - 1) / 2.0 as baseline_place
    from pairs
),

orders as (
    select
        'order of what is taken (AUC)' as task,
        'purchases of 90 days' as baseline,
        user_id as unit_id,
        (sum(place) filter (where is_taken = 1) - sum(is_taken) * (sum(is_taken) + 1) / 2)
        / (sum(is_taken) * sum(1 - is_taken)) as value,
        (sum(baseline_place) filter (where is_taken = 1) - sum(is_taken) * (sum(is_taken) + 1) / 2)
        / (sum(is_taken) * sum(1 - is_taken)) as baseline_value
    from ordered
    group by user_id
    having sum(is_taken) > 0 and sum(1 - is_taken) > 0
),

-- the share of pairs with so many recent purchases that is taken, of the very window:
-- nothing that knows them alone can do better
shares as (
    select recent_purchases, avg(is_taken) as share from pairs
    group by recent_purchases
),

errors as (
    select
        'one minus the squared error of the chance' as task,
        'share taken by purchases of 90 days' as baseline,
        pairs.user_id as unit_id,
        1 - {{ two_tower.mean('power(pairs.chance - pairs.is_taken, 2)') }} as value,
        1 - {{ two_tower.mean('power(shares.share - pairs.is_taken, 2)') }} as baseline_value
    from pairs
    inner join shares on pairs.recent_purchases = shares.recent_purchases
    group by pairs.user_id
),

all_tasks as (
    select * from precisions
    union all
    select * from orders
    union all
    select * from errors
),

final as (
    select 'buy_again' as list_type, * from all_tasks
)

select * from final
