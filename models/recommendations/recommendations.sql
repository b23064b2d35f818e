with

users as (
    select user_id from {{ ref('stg_users') }}
    union
    select user_id from {{ ref('stg_interactions') }}
),

final as (
    {{ two_tower_lists('users', 'production', var('two_tower_policy'), var('two_tower_k')) }}
)

select * from final
