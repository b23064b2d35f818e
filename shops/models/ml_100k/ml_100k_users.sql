select
    user_id,
    age,
    gender,
    occupation,
    zip_code[:2] as region
from read_parquet('{{ var("shops_data_dir") }}/ml-100k/users.parquet')
