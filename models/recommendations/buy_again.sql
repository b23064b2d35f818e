{%- set days = var('two_tower_buy_again_days') -%}
with

histories as (
    select * from {{ ref('two_tower', 'user_histories') }}
    where snapshot = 0 and interactions > 1 and interval_days > 0
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
        cast(histories.interactions as bigint) as purchases,
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
