with

counted as (
    select item_id, count(*) as users from recommendations
    group by item_id
)

select
    features.item_id as "Item id",
    {{ item_name('items', 'features.item_id') }} as "Item",
    coalesce(counted.users, 0) as "Users who see it",
    features.recent_users as "Recent buyers",
    features.users as "Buyers ever",
    features.mean_price as "Mean price"
from item_features as features
left join stg_items as items on features.item_id = items.item_id
left join counted on features.item_id = counted.item_id
where
    features.cutoff = 0
    {% if asked %}
    and features.item_id in ({{ asked | map('literal') | join(', ') }})
    {% endif %}
order by 3 desc, 4 desc, 1
limit {{ most }}
