{{ config(materialized=two_tower.by_user()) }}
{%- set is_by_event = var('two_tower_split') == 'last_event' -%}
-- noqa: disable=LT02,LT05,ST03
-- long lines and branches are Jinja's: what is linted is one rendering of it
with

interactions as (
    select * from {{ ref('two_tower', 'stg_interactions') }}
),

targets as (
    select * from {{ ref('two_tower', 'interaction_splits') }}
),

cutoffs as (
    select * from {{ ref('two_tower', 'cutoffs') }}
),

ends as (
    select * from {{ ref('two_tower', 'data_end') }}
),

others as (
    select
        user_id,
        item_id,
        event_type,
        event_at,
        {{ two_tower.is_cold_start() }} as is_cold_start,
        {{ '0' if is_by_event else two_tower.window_number('ends.end_at') }} as window_number
    from interactions
    cross join ends
    where event_at < ends.end_at and not {{ two_tower.is_target('event_type') }}
),

-- where each target of a user is a window, an event is known from the target after it on
moments as (
    select
        user_id,
        event_at,
        max(window_number) + 1 as window_number
    from targets
    group by user_id, event_at
),

splits as (
    select
        others.* exclude (window_number, is_cold_start),
        if(others.is_cold_start, 0, coalesce({{ 'moments' if is_by_event else 'others' }}.window_number, 0)) as window_number
    from others
    {%- if is_by_event %}
    asof left join moments on others.user_id = moments.user_id and others.event_at < moments.event_at
    {%- endif %}
),

-- where there is no common cutoff, a user's newest target is as late as the history knows
clocks as (
    select
        cutoffs.cutoff,
        targets.user_id,
        max(targets.event_at) as newest_at
    from cutoffs
    inner join targets on {{ two_tower.is_history('targets.window_number', 'cutoffs.cutoff') }}
    where cutoffs.as_of is null
    group by cutoffs.cutoff, targets.user_id
),

pairs as (
    select
        cutoffs.cutoff,
        cutoffs.as_of,
        splits.user_id,
        splits.item_id,
        splits.event_type,
        count(*) as events,
        min(splits.event_at) as first_at,
        max(splits.event_at) as last_at,
        coalesce(cutoffs.as_of, ends.newest_at) as weighed_at,
        sum({{ two_tower.half_lives(two_tower.days_between('splits.event_at', 'coalesce(cutoffs.as_of, ends.newest_at)')) }}) as weight
    from splits
    cross join ends
    inner join cutoffs on {{ two_tower.is_history('splits.window_number', 'cutoffs.cutoff') }}
    group by all
),

aged as (
    select
        pairs.*,
        coalesce(
            pairs.as_of, clocks.newest_at, max(pairs.last_at) over (partition by pairs.cutoff, pairs.user_id)
        ) as now_at
    from pairs
    left join clocks on pairs.cutoff = clocks.cutoff and pairs.user_id = clocks.user_id
),

final as (
    select
        cutoff,
        user_id,
        item_id,
        event_type,
        cast(events as double) as events,
        {{ two_tower.days_between('last_at', 'now_at') }} as days_since_last,
        {{ two_tower.days_between('first_at', 'now_at') }} as days_since_first,
        -- rounded, because a sum of fractions depends on the order in which threads add them up
        coalesce(round(
            weight / nullif({{ two_tower.half_lives(two_tower.days_between('now_at', 'weighed_at')) }}, 0), 9
        ), 1) as recency_weight
    from aged
)

select * from final
