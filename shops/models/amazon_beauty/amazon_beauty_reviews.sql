-- the source knows the order of a user's reviews only; a day stands for one step
select
    user_id,
    item_id,
    timestamp '2000-01-01' + event_order * interval 1 day as event_at
from read_parquet('{{ var("shops_data_dir") }}/amazon-beauty/interactions.parquet')
