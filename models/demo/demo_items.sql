{{ config(enabled=(project_name in ('two_tower', 'two_tower_shops'))) }}
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
        {{ two_tower.package_quantity('package_size') }} as package_quantity,
        {{ two_tower.package_unit('package_size') }} as package_unit
    from products
)

select * from final
