with

banded as (
    select item_id, recent_users, mean_price, ntile(4) over (order by mean_price, item_id) as band
    from item_features
    where cutoff = 0 and mean_price is not null
),

limits as (
    select band, min(mean_price) as low, max(mean_price) as high
    from banded
    group by 1
)

select
    printf('%.2f to %.2f', limits.low, limits.high) as "Items by mean price",
    100.0 * sum(coalesce(lists.places, 0)) / (select count(*) from recommendations) as "Places %",
    100.0 * sum(banded.recent_users) / nullif((select sum(recent_users) from banded), 0) as "Recent sales %",
    count(*) as "Items",
    count(lists.item_id) as "Items shown"
from banded
inner join limits on banded.band = limits.band
left join (select item_id, count(*) as places from recommendations group by 1) as lists on banded.item_id = lists.item_id
group by limits.band, limits.low, limits.high
order by limits.band
