{% macro contributions(lists) %}
    {#- Select of what each history item gives to the score of each listed item: user_id, item_id, history_item_id, contribution. -#}
    select
        lists.user_id,
        lists.item_id,
        weights.item_id as history_item_id,
        weights.weight * array_inner_product(histories.embedding, items.embedding) as contribution
    from {{ lists }} as lists
    inner join {{ two_tower.stored_reference('history_attributions') }} as weights on lists.user_id = weights.user_id
    inner join {{ two_tower.stored_reference('item_embeddings') }} as histories
        on weights.item_id = histories.item_id and histories.stage = 'production'
    inner join {{ two_tower.stored_reference('item_embeddings') }} as items
        on lists.item_id = items.item_id and items.stage = 'production'
{%- endmacro %}
