select  -- two orders of one hour may hold the same
    user_id,
    item_id,
    ordered_at as event_at,
    cast(min(order_id) as varchar) as order_id
from read_parquet('{{ var("shops_data_dir") }}/instacart/order_lines.parquet')
group by all
