{% macro list_types() %}
    {#- The published types of lists that have rows in list_quality and may have gates. -#}
    {{ return([
        'recommendations', 'recommendations_by_category', 'similar_items', 'similar_users', 'item_audiences', 'bought_together',
        'complete_basket', 'buy_again', 'new_arrivals', 'popular_items', 'trending_items',
    ]) }}
{%- endmacro %}
