with

orders as (
    select * from {{ source('shop', 'orders') }}
),

order_lines as (
    select * from {{ source('shop', 'order_lines') }}
),

products as (
    select * from {{ source('shop', 'products') }}
),

final as (
    select
        orders."Customer Id",
        orders."order",
        order_lines.sku,
        order_lines."QTY",
        products."Unit Price"
    from order_lines
    inner join orders on order_lines."Order No" = orders."Order No"
    inner join products on order_lines.sku = products."SKU"
)

select * from final
