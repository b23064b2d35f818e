select
    item_id,
    string_split(attributes, '|') as attributes
from read_parquet('{{ var("shops_data_dir") }}/amazon-beauty/items.parquet')
