with

recommendations as (
    select * from {{ ref('two_tower', 'recommendations') }}
),

products as (
    select * from {{ ref('dim_products') }}
),

final as (
    select
        cast(recommendations.user_id as uuid) as customer_id,
        recommendations.rank,
        recommendations.item_id,
        products."group" as product_group,
        recommendations.source
    from recommendations
    left join products on recommendations.item_id = cast(products."SKU" as varchar)
)

select * from final
