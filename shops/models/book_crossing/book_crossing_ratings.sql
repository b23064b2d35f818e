-- the source has no times
select
    user_id,
    item_id,
    timestamp '2004-01-01' as event_at
from read_parquet('{{ var("shops_data_dir") }}/book-crossing/interactions.parquet')
