select
    user_id,
    item_id,
    rated_at as event_at
from read_parquet('{{ var("shops_data_dir") }}/movielens-latest/ratings.parquet')
