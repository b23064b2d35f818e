select distinct  -- two orders of one hour may hold the same
    user_id,
    item_id,
    ordered_at as event_at
from read_parquet('{{ var("shops_data_dir") }}/instacart/order_lines.parquet')
