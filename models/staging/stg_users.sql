{{ config(post_hook="{{ two_tower.check_rows(key=['user_id']) }}") }}
with

final as (
    {{ two_tower.input_rows('users') }}
)

select * from final
