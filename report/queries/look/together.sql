select
    pairs.item_id,
    {{ item_name('items', 'pairs.bought_item_id') }} as "Item",
    pairs.bought_item_id as "Item id",
    100 * pairs.confidence as "Of its baskets %"
from bought_together as pairs
left join stg_items as items on pairs.bought_item_id = items.item_id
where pairs.item_id in ({{ ids | map('literal') | join(', ') }}) and pairs.rank <= 5
order by pairs.item_id, pairs.rank
