select distinct
    "Customer Id" as customer_id,
    sku
from {{ ref('fct_order_lines') }}
