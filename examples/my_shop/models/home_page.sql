select
    lists.user_id as customer_id,
    lists.rank,
    lists.item_id as product_id,
    lists.item_label as product,
    bought.name as because_of
from {{ ref('two_tower', 'recommendations') }} as lists
left join {{ ref('dim_products') }} as bought on map_keys(lists.reasons)[1] = cast(bought.product_id as varchar)
