with

ranked as (
    select
        item_id,
        recent_users,
        row_number() over (order by recent_users desc, item_id) as popularity
    from item_features
    where cutoff = 0
),

banded as (
    select
        item_id,
        recent_users,
        case
            when popularity <= 10 then '1. Ten most bought'
            when popularity <= 100 then '2. Next 90'
            when popularity <= 1000 then '3. Next 900'
            else '4. All others'
        end as band
    from ranked
)

select
    banded.band as "Items by popularity",
    100.0 * sum(coalesce(lists.places, 0)) / (select count(*) from recommendations) as "Places %",
    100.0 * sum(banded.recent_users) / nullif((select sum(recent_users) from banded), 0) as "Recent sales %",
    count(*) as "Items",
    count(lists.item_id) as "Items shown"
from banded
left join (select item_id, count(*) as places from recommendations group by 1) as lists on banded.item_id = lists.item_id
group by 1
order by 1
