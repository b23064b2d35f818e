{% macro repeat_purchases(stage) %}
    {#- Select of what users had more than once: user_id, item_id, purchases, interval_days, days_since_last, due_on. A purchase begins half a
        day after the event before it at the earliest: what is scanned twice at one till, or put into the basket before midnight and
        paid after it, is one. -#}
    with

    events as (
        {{ two_tower.known_events(stage) }}
    ),

    nobody as (
        {{ two_tower.outsized_ids('events', 'user_id') }}
    ),

    purchases as (
        select
            *,
            coalesce(event_at >= lag(event_at) over (
                partition by user_id, item_id order by event_at asc
            ) + interval 12 hour, true) as is_purchase
        from events
    ),

    counted as (
        select
            purchases.user_id,
            purchases.item_id,
            count(*) filter (where purchases.is_purchase) as purchases,
            min(purchases.event_at) as first_at,
            max(purchases.event_at) as last_at,
            max(purchases.event_at) filter (where purchases.is_purchase) as last_purchase_at,
            any_value(purchases.now_at) as now_at
        from purchases
        anti join nobody on purchases.user_id = nobody.id
        group by purchases.user_id, purchases.item_id
    )

    select
        user_id,
        item_id,
        purchases,
        {{ two_tower.days_between('first_at', 'last_purchase_at') }} / (purchases - 1) as interval_days,
        {{ two_tower.days_between('last_at', 'now_at') }} as days_since_last,
        cast(last_at + to_seconds(interval_days * 86400) as date) as due_on
    from counted
    where purchases > 1
{%- endmacro %}
