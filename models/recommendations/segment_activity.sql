with

clock as (
    select {{ two_tower.end_of_data() }} as now_at from {{ ref('two_tower', 'interaction_splits') }}
),

events as (
    select
        splits.user_id,
        splits.item_id,
        unnest(list_distinct([segments.segment, 'all'])) as segment,
        splits.event_at >= clock.now_at - interval {{ var('two_tower_recent_days') }} day as is_recent
    from {{ ref('two_tower', 'interaction_splits') }} as splits
    cross join clock
    inner join {{ ref('two_tower', 'user_segments') }} as segments on splits.user_id = segments.user_id
    where splits.event_at >= clock.now_at - interval {{ 2 * var('two_tower_recent_days') }} day
),

counted as (
    select
        segment,
        item_id,
        count(distinct user_id) filter (where is_recent) as users,
        count(distinct user_id) filter (where not is_recent) as previous_users
    from events
    group by segment, item_id
),

final as (
    select counted.*
    from counted
    anti join {{ two_tower.unavailable_items() }} as unavailable
        on
            counted.segment = unavailable.segment
            and counted.item_id = unavailable.item_id
)

select * from final
