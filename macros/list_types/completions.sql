{% macro completions(baskets, lists) %}
    {#- Select of what goes with all that a basket holds: basket, item_id, score. Each item of the basket adds what it says of the other,
        as the logarithm of one minus the confidence. `lists` is bought_together or a CTE like it. -#}
    select
        baskets.basket,
        lists.bought_item_id as item_id,
        round(sum(-ln(1 - least(lists.confidence, 0.99))), 9) as score
    from {{ baskets }} as baskets
    inner join {{ lists }} as lists on baskets.item_id = lists.item_id
    anti join {{ baskets }} as held on baskets.basket = held.basket and lists.bought_item_id = held.item_id
    group by baskets.basket, lists.bought_item_id
{%- endmacro %}
