select 'not a product' as item_id
