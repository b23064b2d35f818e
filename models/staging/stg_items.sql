{{ config(post_hook="{{ two_tower.check_rows(key=['item_id']) }}") }}
with

products as (
    select * from {{ source('complete_journey', 'products') }}
),

final as (
    select
        cast(product_id as varchar) as item_id,
        cast(manufacturer_id as varchar) as manufacturer_id,
        department,
        brand,
        product_category,
        product_type,
        package_size,
        {{ package_quantity('package_size') }} as package_quantity,
        {{ package_unit('package_size') }} as package_unit
    from products
)

select * from final
