select
    {{ item_name('items', 'features.item_id') }} as "Item",
    features.item_id as "Item id",
    100.0 * features.users / nullif((select count(*) from user_features where cutoff = 0), 0) as "Users %",
    features.interactions as "Events",
    features.mean_price as "Mean price"
from item_features as features
left join stg_items as items on features.item_id = items.item_id
where features.cutoff = 0
order by features.users desc, features.item_id
limit 10
