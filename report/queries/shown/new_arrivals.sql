select
    {{ item_name('items', 'features.item_id') }} as "Item",
    features.item_id as "Item id",
    features.days_since_first as "Days since first bought",
    features.users as "Buyers",
    (select count(*) from recommendations as lists where lists.item_id = features.item_id)
        as "Users who see it"
from item_features as features
left join stg_items as items on features.item_id = items.item_id
where features.cutoff = 0 and features.days_since_first <= 28
order by 5 desc, features.users desc, features.item_id
limit 15
