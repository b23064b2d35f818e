with

products as (
    select * from {{ source('shop', 'products') }}
),

reviews as (
    select
        sku,
        avg(stars) as "Mean Stars",
        count(*) as "Number of Reviews"
    from {{ source('shop', 'product_reviews') }}
    group by sku
),

final as (
    select
        products.*,
        reviews."Mean Stars",
        reviews."Number of Reviews"
    from products
    left join reviews on products."SKU" = reviews.sku
)

select * from final
