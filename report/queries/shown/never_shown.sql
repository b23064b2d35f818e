select
    {{ item_name('items', 'features.item_id') }} as "Item",
    features.item_id as "Item id",
    features.recent_users as "Recent buyers",
    features.users as "Buyers ever",
    {% if withheld %}
    case when features.item_id in (select item_id from unavailable_items) then 'withheld' else 'ranked too low' end as "Why"
    {% else %}
    'ranked too low' as "Why"
    {% endif %}
from item_features as features
left join stg_items as items on features.item_id = items.item_id
where features.cutoff = 0 and features.recent_users > 0 and features.item_id not in (select item_id from recommendations)
order by features.recent_users desc, features.item_id
limit 15
