select
    item_id,
    title,
    genres,
    genres[1] as first_genre,
    release_year
from read_parquet('{{ var("shops_data_dir") }}/movielens-latest/movies.parquet')
