-- long lines and branches are Jinja's: what is linted is one rendering of it
with

cutoffs as (
    select * from {{ ref('two_tower', 'cutoffs') }}
),

histories as (
    select * from {{ ref('two_tower', 'user_histories') }}
),

items as (
    select item_id from {{ ref('two_tower', 'stg_items') }}
    union
    select item_id from {{ ref('two_tower', 'interaction_splits') }}
    {%- if two_tower.tells_types_apart() %}
    union
    select item_id from {{ ref('two_tower', 'user_events') }}
    {%- endif %}
),

behaviour as (
    select
        cutoff,
        item_id,
        sum(interactions) as interactions,
        count(*) as users,
        count(*) filter (where is_recent) as recent_users,
        count(*) filter (where days_since_first < {{ var('two_tower_test_days') }}) as new_users,
        count(*) filter (where days_since_first < 2 * {{ var('two_tower_test_days') }}) as new_users_two_windows,
        sum(spend) / nullif(sum(quantity), 0) as mean_price,
        min(days_since_last) as days_since_last,
        max(days_since_first) as days_since_first,
        -- who comes back does so half a day later at the earliest: a session over midnight is one purchase.
        -- rounded, because a sum of fractions depends on the order in which threads add them up
        round(avg(interval_days) filter (where days_since_first - days_since_last >= 0.5), 9) as return_days,
        avg(cast(days_since_first - days_since_last >= 0.5 as integer)) as return_share
    from histories
    group by cutoff, item_id
),

{%- if two_tower.tells_types_apart() %}

turned_to as (
    select
        cutoff,
        item_id,
        sum(events) as events
    from {{ ref('two_tower', 'user_events') }}
    group by cutoff, item_id
),
{%- endif %}

final as (
    select
        cutoffs.cutoff,
        items.item_id,
        cast(coalesce(behaviour.interactions, 0) as double) as interactions,
        cast(coalesce(behaviour.users, 0) as double) as users,
        cast(coalesce(behaviour.recent_users, 0) as double) as recent_users,
        cast(coalesce(behaviour.new_users, 0) as double) as new_users,
        cast(coalesce(behaviour.new_users_two_windows, 0) as double) as new_users_two_windows,
        -- smoothed, so that a single user does not make a trend
        ln((coalesce(behaviour.new_users, 0) + 0.5) / (coalesce(behaviour.users, 0) + 3)) as new_user_log_share,
        cast(1 - behaviour.users / behaviour.interactions as double) as repeat_share,
        cast(behaviour.mean_price as double) as mean_price,
        cast(behaviour.days_since_last as double) as days_since_last,
        cast(behaviour.days_since_first as double) as days_since_first,
        cast(
            coalesce(behaviour.interactions, 0)
            {{ '+ coalesce(turned_to.events, 0)' if two_tower.tells_types_apart() else '+ 0' }} as double
        ) as events,
        behaviour.return_days,
        behaviour.return_share
    from cutoffs
    cross join items
    left join behaviour
        on
            cutoffs.cutoff = behaviour.cutoff
            and items.item_id = behaviour.item_id
    {%- if two_tower.tells_types_apart() %}
    left join turned_to
        on
            cutoffs.cutoff = turned_to.cutoff
            and items.item_id = turned_to.item_id
    {%- endif %}
)

select * from final
