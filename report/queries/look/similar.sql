select
    pairs.item_id,
    {{ item_name('items', 'pairs.similar_item_id') }} as "Item",
    pairs.similar_item_id as "Item id",
    pairs.similarity as "Similarity"
from similar_items as pairs
left join stg_items as items on pairs.similar_item_id = items.item_id
where pairs.item_id in ({{ ids | map('literal') | join(', ') }}) and pairs.rank <= 5
order by pairs.item_id, pairs.rank
