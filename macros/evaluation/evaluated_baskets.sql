{% macro evaluated_baskets() %}
    {#- Select of the baskets of the test window with two items and more: user_id, basket, item_id, place (by hash), next_item_id (the item
        at the next place, of the last one that at the first). Baskets of more than 500 lines are none. -#}
    select
        *,
        row_number() over in_basket as place,
        coalesce(lead(item_id) over in_basket, first_value(item_id) over in_basket) as next_item_id
    from (
        select distinct
            user_id,
            {{ two_tower.basket_key() }} as basket,
            item_id
        from {{ ref('two_tower', 'interaction_splits') }}
        where window_number = 0
    )
    window in_basket as (partition by basket order by {{ two_tower.stable_hash(['basket', 'item_id']) }} asc)
    qualify count(*) over (partition by basket) between 2 and 500
{%- endmacro %}
