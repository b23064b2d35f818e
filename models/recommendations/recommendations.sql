with

users as (
    select user_id from {{ ref('two_tower', 'stg_users') }}
    union
    select user_id from {{ ref('two_tower', 'stg_interactions') }}
),

final as (
    {{ two_tower.two_tower_lists('users', 'production', var('two_tower_policy'), var('two_tower_k')) }}
)

select * from final
