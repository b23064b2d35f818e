select
    item_id,
    string_split(tags, '|') as tags
from read_parquet('{{ var("shops_data_dir") }}/citeulike-a/items.parquet')
