select
    user_id,
    case when age between 5 and 100 then age end as age,
    trim(string_split(location, ',')[-1]) as country,
    trim(string_split(location, ',')[-2]) as state
from read_parquet('{{ var("shops_data_dir") }}/book-crossing/users.parquet')
