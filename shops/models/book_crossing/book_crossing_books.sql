select
    item_id,
    title,
    lower(author) as author,
    lower(publisher) as publisher,
    case when try_cast(year as integer) between 1800 and 2010 then try_cast(year as integer) end as published_year
from read_parquet('{{ var("shops_data_dir") }}/book-crossing/items.parquet')
