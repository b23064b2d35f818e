select
    lists.user_id as customer_id,
    lists.rank,
    lists.item_id as product_id,
    products.name,
    bought.name as because_of
from {{ ref('two_tower', 'recommendations') }} as lists
inner join {{ ref('dim_products') }} as products on lists.item_id = cast(products.product_id as varchar)
left join {{ ref('dim_products') }} as bought on map_keys(lists.reasons)[1] = cast(bought.product_id as varchar)
