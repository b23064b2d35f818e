select
    item_id,
    title,
    string_split(genres, '|') as genres,
    string_split(tags, '|') as tags,
    string_split(specs, '|') as specs,
    developer,
    publisher,
    coalesce(try_cast(price as double), case when price ilike '%free%' then 0 end) as price,
    try_cast(release_date as date) as released_on
from read_parquet('{{ var("shops_data_dir") }}/steam-au-reviews/items.parquet')
