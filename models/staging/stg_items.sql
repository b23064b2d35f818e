{{ config(post_hook="{{ two_tower.check_rows(key=['item_id']) }}") }}
{%- set columns = two_tower.input_columns('items') -%}
with

items as (
    select * from {{ two_tower.input_relation('items') }}
),

final as (
    select
        {{ two_tower.input_features('items') }}
        cast({{ columns.item_id }} as varchar) as item_id
    from items
)

select * from final
