{{ config(materialized=two_tower.by_user()) }}
with

cutoffs as (
    select * from {{ ref('two_tower', 'cutoffs') }}
),

histories as (
    select * from {{ ref('two_tower', 'user_histories') }}
),

targets as (
    select distinct
        cutoff,
        user_id
    from {{ ref('two_tower', 'cutoff_targets') }}
),

users as (
    select user_id from {{ ref('two_tower', 'stg_users') }}
    union
    select user_id from {{ ref('two_tower', 'interaction_splits') }}
    {%- if two_tower.tells_types_apart() %}
    union
    select user_id from {{ ref('two_tower', 'user_events') }}
    {%- endif %}
),

{%- if two_tower.tells_types_apart() %}

interested as (
    select distinct
        cutoff,
        user_id
    from {{ ref('two_tower', 'user_interests') }}
),
{%- endif %}

behaviour as (
    select
        cutoff,
        user_id,
        sum(interactions) as interactions,
        count(*) as items,
        count(*) filter (where is_recent) as recent_items,
        sum(spend) as spend,
        sum(spend) / nullif(sum(quantity), 0) as mean_price,
        min(days_since_last) as days_since_last,
        max(days_since_first) as days_since_first
    from histories
    group by cutoff, user_id
),

final as (
    select
        cutoffs.cutoff,
        users.user_id,
        cast(coalesce(behaviour.interactions, 0) as double) as interactions,
        cast(coalesce(behaviour.items, 0) as double) as items,
        cast(coalesce(behaviour.recent_items, 0) as double) as recent_items,
        cast(1 - behaviour.items / behaviour.interactions as double) as repeat_share,
        cast(behaviour.spend as double) as spend,
        cast(behaviour.mean_price as double) as mean_price,
        cast(behaviour.days_since_last as double) as days_since_last,
        cast(behaviour.days_since_first as double) as days_since_first
    from cutoffs
    cross join users
    left join behaviour
        on
            cutoffs.cutoff = behaviour.cutoff
            and users.user_id = behaviour.user_id
    left join targets
        on
            cutoffs.cutoff = targets.cutoff
            and users.user_id = targets.user_id
    {%- if two_tower.tells_types_apart() %}
    left join interested
        on
            cutoffs.cutoff = interested.cutoff
            and users.user_id = interested.user_id
    {%- endif %}
    -- everyone is served; training learns from those with a history or something to predict
    where
        cutoffs.cutoff <= 1
        or targets.user_id is not null
        or {{ 'interested' if two_tower.tells_types_apart() else 'behaviour' }}.user_id is not null
)

select * from final
