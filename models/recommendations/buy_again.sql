{%- set days = var('two_tower_buy_again_days') -%}
with

clock as (
    select {{ two_tower.end_of_data() }} as now_at from {{ ref('two_tower', 'interaction_splits') }}
),

nobody as (
    {{ two_tower.outsized_ids(ref('two_tower', 'interaction_splits'), 'user_id') }}
),

-- a purchase begins half a day after the event before it at the earliest: what is scanned twice at one till, or
-- put into the basket before midnight and paid after it, is not due again in a minute
events as (
    select
        user_id,
        item_id,
        event_at,
        coalesce(event_at >= lag(event_at) over (
            partition by user_id, item_id order by event_at asc
        ) + interval 12 hour, true) as is_purchase
    from {{ ref('two_tower', 'interaction_splits') }}
),

histories as (
    select
        events.user_id,
        events.item_id,
        count(*) filter (where events.is_purchase) as purchases,
        {{ two_tower.days_between('max(events.event_at)', 'any_value(clock.now_at)') }} as days_since_last,
        {{ two_tower.days_between('min(events.event_at)', 'max(events.event_at) filter (where events.is_purchase)') }}
        / (purchases - 1) as interval_days
    from events
    cross join clock
    anti join nobody on events.user_id = nobody.id
    group by events.user_id, events.item_id
    having purchases > 1
),

segments as (
    select * from {{ ref('two_tower', 'user_segments') }}
),

excluded as (
    select * from {{ ref('two_tower', 'excluded_items') }} where reason != 'had before'
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
    anti join {{ two_tower.unavailable_items() }} as unavailable
        on segments.segment = unavailable.segment and histories.item_id = unavailable.item_id
    anti join excluded on histories.user_id = excluded.user_id and histories.item_id = excluded.item_id
),

final as (
    select
        user_id,
        cast(
            row_number() over (
                partition by user_id
                order by score desc, purchases desc, {{ two_tower.stable_hash(['item_id']) }} asc
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
