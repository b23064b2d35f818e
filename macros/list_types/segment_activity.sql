{% macro segment_activity(stage) %}
    {#- Select of the users who had an item in the newest two_tower_recent_days days, and in as many days before, by segment, segment all
        being everyone: segment, item_id, users, previous_users. -#}
    with

    events as (
        {{ two_tower.known_events(stage) }}
    ),

    recent as (
        select
            events.user_id,
            events.item_id,
            unnest(list_distinct([segments.segment, 'all'])) as segment,
            events.event_at >= events.now_at - interval {{ var('two_tower_recent_days') }} day as is_recent
        from events
        inner join {{ ref('two_tower', 'user_segments') }} as segments on events.user_id = segments.user_id
        where events.event_at >= events.now_at - interval {{ 2 * var('two_tower_recent_days') }} day
    ),

    counted as (
        select
            segment,
            item_id,
            count(distinct user_id) filter (where is_recent) as users,
            count(distinct user_id) filter (where not is_recent) as previous_users
        from recent
        group by segment, item_id
    )

    select counted.* from counted
    {%- if stage == 'production' %}
    anti join {{ two_tower.unavailable_items() }} as unavailable
        on counted.segment = unavailable.segment and counted.item_id = unavailable.item_id
    {%- endif %}
{%- endmacro %}
