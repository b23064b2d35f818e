select
    histories.user_id,
    {{ item_name('items', 'histories.item_id') }} as "Item",
    histories.item_id as "Item id",
    histories.interactions as "Times",
    round(histories.days_since_last, 1) as "Days ago"
from user_histories as histories
left join stg_items as items on histories.item_id = items.item_id
where histories.cutoff = 0 and histories.user_id in ({{ ids | map('literal') | join(', ') }})
qualify row_number() over (
    partition by histories.user_id order by histories.interactions desc, histories.days_since_last, histories.item_id
) <= 10
order by histories.user_id, histories.interactions desc, histories.days_since_last, histories.item_id
