select
    {{ item_name('items', 'rising.item_id') }} as "Item",
    rising.item_id as "Item id",
    rising.users as "Buyers now",
    rising.previous_users as "Buyers before",
    (select count(*) from recommendations as lists where lists.item_id = rising.item_id)
        as "Users who see it"
from trending_items as rising
left join stg_items as items on rising.item_id = items.item_id
where rising.segment = 'all'
order by rising.rank
limit 15
