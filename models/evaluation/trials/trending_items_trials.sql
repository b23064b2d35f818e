with

activity as (
    {{ two_tower.segment_activity('evaluation') }}
),

segments as (
    select * from {{ ref('two_tower', 'user_segments') }}
),

popular as (
    {{ two_tower.popular_by_segment('activity') }}
),

trending as (
    {{ two_tower.trending_items('activity') }}
),

targets as (
    select user_id, item_id from {{ ref('two_tower', 'cutoff_targets') }} where cutoff = 1
),

segments_and_all as (
    select user_id, segment from segments
    union
    select user_id, 'all' as segment from segments
),

-- users of the test window, by segment
next_users as (
    select
        segments_and_all.segment,
        targets.item_id,
        count(*) as users
    from targets
    inner join segments_and_all on targets.user_id = segments_and_all.user_id
    group by segments_and_all.segment, targets.item_id
),

listed as (
    select segment, rank, item_id, 'value' as side from trending
    union all
    select segment, rank, item_id, 'baseline_value' from popular
),

stayed as (
    select
        listed.segment || ' ' || listed.rank as place,
        listed.side,
        cast(
            coalesce(next_users.users, 0) / {{ var('two_tower_test_days') }}
            > coalesce(activity.previous_users, 0) / {{ var('two_tower_recent_days') }} as integer
        ) as is_above
    from listed
    left join activity on listed.segment = activity.segment and listed.item_id = activity.item_id
    left join next_users on listed.segment = next_users.segment and listed.item_id = next_users.item_id
),

final as (
    select
        'trending_items' as list_type,
        'items above their earlier level' as task,
        'popular_items' as baseline,
        place as unit_id,
        cast(max(is_above) filter (where side = 'value') as double) as value,
        cast(max(is_above) filter (where side = 'baseline_value') as double) as baseline_value
    from stayed
    group by place
    having count(*) = 2
)

select * from final
