{% macro segment_activity() %}
    {#- Select of how many users had each item in the newest two_tower_recent_days and in as many days before, per segment and in all:
        segment, item_id, users, previous_users; without what the segment may not get. -#}
    with

    activity_clock as (
        select {{ two_tower.end_of_data() }} as now_at from {{ ref('two_tower', 'interaction_splits') }}
    ),

    activity_events as (
        select
            splits.user_id,
            splits.item_id,
            unnest(list_distinct([segments.segment, 'all'])) as segment,
            {{ two_tower.days_between('splits.event_at', 'activity_clock.now_at') }} <= {{ var('two_tower_recent_days') }} as is_recent
        from {{ ref('two_tower', 'interaction_splits') }} as splits
        cross join activity_clock
        inner join {{ ref('two_tower', 'user_segments') }} as segments on splits.user_id = segments.user_id
        where {{ two_tower.days_between('splits.event_at', 'activity_clock.now_at') }} <= {{ 2 * var('two_tower_recent_days') }}
    ),

    activity_by_segment as (
        select
            segment,
            item_id,
            count(distinct user_id) filter (where is_recent) as users,
            count(distinct user_id) filter (where not is_recent) as previous_users
        from activity_events
        group by segment, item_id
    )

    select
        activity.segment,
        activity.item_id,
        activity.users,
        activity.previous_users
    from activity_by_segment as activity
    anti join {{ ref('two_tower', 'unavailable_items') }} as unavailable
        on
            activity.segment = unavailable.segment
            and activity.item_id = unavailable.item_id
{%- endmacro %}
