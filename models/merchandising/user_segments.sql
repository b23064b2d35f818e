{{ config(materialized=two_tower.by_user()) }}
{%- set column = var('two_tower_segment') -%}
with

users as (
    select user_id from {{ ref('two_tower', 'stg_users') }}
    union
    select user_id from {{ ref('two_tower', 'stg_interactions') }}
),

profiles as (
    select * from {{ ref('two_tower', 'stg_users') }}
),

final as (
    select
        users.user_id,
        {{ two_tower.chosen_column('two_tower_segment', column, 'stg_users', 'profiles', 'all') }} as segment,
        profiles.user_label
    from users
    left join profiles on users.user_id = profiles.user_id
)

select * from final
