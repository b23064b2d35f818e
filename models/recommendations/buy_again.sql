{%- set days = var('two_tower_buy_again_days') -%}
with

-- on how many days they had it: what is scanned twice at one till is not due again in a minute
days_had as (
    select
        user_id,
        item_id,
        count(distinct cast(event_at as date)) as purchases
    from {{ ref('two_tower', 'interaction_splits') }}
    group by user_id, item_id
    having purchases > 1
),

histories as (
    select
        known.user_id,
        known.item_id,
        known.days_since_last,
        days_had.purchases,
        (known.days_since_first - known.days_since_last) / (days_had.purchases - 1) as interval_days
    from {{ ref('two_tower', 'user_histories') }} as known
    inner join days_had on known.user_id = days_had.user_id and known.item_id = days_had.item_id
    where known.snapshot = 0
),

segments as (
    select * from {{ ref('two_tower', 'user_segments') }}
),

excluded as (
    select * from {{ ref('two_tower', 'excluded_items') }}
    where reason != 'had before'
),

-- gaps are log-logistic around the user's own mean gap: bought yesterday is not due, long overdue is given up
scored as (
    select
        histories.user_id,
        histories.item_id,
        histories.purchases,
        histories.interval_days,
        histories.days_since_last,
        histories.days_since_last / histories.interval_days as due_ratio,
        1 - (1 + power(due_ratio, 2))
        / (1 + power((histories.days_since_last + {{ days }}) / histories.interval_days, 2)) as score
    from histories
    inner join segments on histories.user_id = segments.user_id
    anti join {{ ref('two_tower', 'unavailable_items') }} as unavailable
        on
            segments.segment = unavailable.segment
            and histories.item_id = unavailable.item_id
    anti join excluded
        on
            histories.user_id = excluded.user_id
            and histories.item_id = excluded.item_id
),

final as (
    select
        user_id,
        cast(
            row_number() over (
                partition by user_id
                order by score desc, purchases desc, {{ two_tower.stable_hash(['item_id']) }}
            ) as integer
        ) as rank,
        item_id,
        score,
        purchases,
        interval_days,
        days_since_last
    from scored
    qualify rank <= {{ var('two_tower_k') }}
)

select * from final
