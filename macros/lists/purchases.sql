{% macro purchases(events) %}
    {#- Select of what users had how often: user_id, item_id, purchases, interval_days (NULL where there is one), days_since_last, last_at.
        A purchase begins half a day after the event before it at the earliest: what is scanned twice at one till, or put into the
        basket before midnight and paid after it, is one. -#}
    with

    purchase_events as (
        select
            *,
            coalesce(event_at >= lag(event_at) over (
                partition by user_id, item_id order by event_at asc
            ) + interval 12 hour, true) as is_purchase
        from {{ events }}
    )

    select
        user_id,
        item_id,
        count(*) filter (where is_purchase) as purchases,
        {{ two_tower.days_between('min(event_at)', 'max(event_at) filter (where is_purchase)') }} / nullif(purchases - 1, 0)
            as interval_days,
        {{ two_tower.days_between('max(event_at)', 'any_value(now_at)') }} as days_since_last,
        max(event_at) as last_at
    from purchase_events
    group by user_id, item_id
{%- endmacro %}
