-- the source has no times
select
    user_id,
    item_id,
    timestamp '2010-01-01' as event_at
from read_parquet('{{ var("shops_data_dir") }}/citeulike-a/interactions.parquet')
