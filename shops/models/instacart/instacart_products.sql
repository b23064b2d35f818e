select distinct item_id from read_parquet('{{ var("shops_data_dir") }}/instacart/order_lines.parquet')
