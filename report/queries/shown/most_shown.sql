select
    {{ item_name('items', 'lists.item_id') }} as "Item",
    lists.item_id as "Item id",
    count(*) as "Users who see it",
    100.0 * count(*) / (select count(*) from recommendations where rank = 1) as "Users %",
    avg(lists.rank) as "Place on average",
    any_value(features.recent_users) as "Recent buyers"
from recommendations as lists
left join stg_items as items on lists.item_id = items.item_id
left join item_features as features on lists.item_id = features.item_id and features.cutoff = 0
group by 1, 2
order by 3 desc, 2
limit 20
