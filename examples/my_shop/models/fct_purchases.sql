-- 300 customers, 12,000 purchases in 200 days: two of three from the customer's own two shelves, the rest by chance
with drawn as (
    select
        n,
        cast(hash(n, 'customer') % 300 as integer) as customer_id,
        hash(n, 'shelf') % 100 as shelf_chance,
        hash(n, 'product') % 10000 / 10000.0 as product_chance
    from range(12000) as t(n)
)

select
    customer_id,
    cast(20 * case
        when shelf_chance < 45 then hash(customer_id, 'first shelf') % 5
        when shelf_chance < 65 then hash(customer_id, 'second shelf') % 5
        else shelf_chance % 5
    end + floor(20 * pow(product_chance, 1.6)) as integer) as product_id,
    timestamp '2026-01-01' + interval (n * 24) minute as purchased_at
from drawn
