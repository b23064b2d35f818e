{{ config(materialized=two_tower.by_user()) }}
with

targets as (
    select * from {{ ref('two_tower', 'cutoff_targets') }} where is_measured
),

known_users as (
    select distinct user_id from {{ ref('two_tower', 'user_histories') }} where cutoff = 1
),

known_items as (
    select item_id from {{ ref('two_tower', 'item_features') }} where cutoff = 1 and interactions > 0
),

policies as (
    {{ two_tower.rows_of('policy', var('two_tower_policies')) }}
),

slices as (
    {{ two_tower.rows_of('slice', ['all', 'warm_user', 'cold_user', 'warm_item', 'cold_item']) }}
),

sliced as (
    select
        targets.user_id,
        targets.item_id,
        targets.is_repeat,
        case when known_users.user_id is null then 'cold_user' else 'warm_user' end as user_slice,
        case when known_items.item_id is null then 'cold_item' else 'warm_item' end as item_slice
    from targets
    left join known_users on targets.user_id = known_users.user_id
    left join known_items on targets.item_id = known_items.item_id
),

final as (
    select
        policies.policy,
        slices.slice,
        sliced.user_id,
        sliced.item_id
    from sliced
    inner join policies on policies.policy = 'allow_repeats' or not sliced.is_repeat
    inner join slices on slices.slice in ('all', sliced.user_slice, sliced.item_slice)
)

select * from final
