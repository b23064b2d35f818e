{{ config(post_hook="{{ two_tower.check_rows(key=['user_id']) }}") }}
{%- set columns = two_tower.input_columns('users') -%}
with

users as (
    select * from {{ two_tower.input_relation('users') }}
),

final as (
    select
        {{ two_tower.input_features('users') }}
        cast({{ columns.user_id }} as varchar) as user_id
    from users
)

select * from final
