select
    user_id,
    item_id,
    event_ts as event_at
from read_parquet('{{ var("shops_data_dir") }}/steam-au-reviews/interactions.parquet')
