with

had as (
    select user_id, item_id from user_histories
    where cutoff = 0
)

select
    segments.segment as "Segment",
    count(*) filter (where lists.rank = 1) as "Users",
    count(distinct lists.item_id) as "Different items",
    count(*) / count(*) filter (where lists.rank = 1) as "Places per list",
    count(had.item_id) / count(*) filter (where lists.rank = 1) as "Had before, per list",
    (count(*) - count(had.item_id)) / count(*) filter (where lists.rank = 1) as "New to them, per list"
from recommendations as lists
inner join user_segments as segments on lists.user_id = segments.user_id
left join had on lists.user_id = had.user_id and lists.item_id = had.item_id
group by 1
order by 2 desc, 1
limit 15
