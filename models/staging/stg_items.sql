{{ config(post_hook="{{ two_tower.check_rows(key=['item_id']) }}") }}
with

final as (
    {{ two_tower.input_rows('items') }}
)

select * from final
