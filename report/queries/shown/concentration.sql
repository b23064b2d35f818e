with

counted as (
    select item_id, count(*) as places
    from recommendations
    group by item_id
),

summed as (
    select
        row_number() over (order by places desc, item_id) as item_rank,
        sum(places) over (order by places desc, item_id) as places,
        sum(places) over () as all_places,
        count(*) over () as items
    from counted
)

select
    item_rank as "Items, most shown first",
    100.0 * places / all_places as "Places %"
from summed
where item_rank in (1, items) or item_rank % greatest(1, items // 60) = 0
order by item_rank
