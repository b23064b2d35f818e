select
    item_id,
    title,
    genres,
    release_year
from read_parquet('{{ var("shops_data_dir") }}/movielens-latest/movies.parquet')
