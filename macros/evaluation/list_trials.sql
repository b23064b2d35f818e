{% macro list_trials() %}
    {#- Names of the models that try the published lists, one for each type of list. -#}
    {{ return([
        'recommendations_trials', 'by_category_trials', 'similar_items_trials', 'similar_users_trials', 'item_audiences_trials',
        'bought_together_trials', 'complete_basket_trials', 'buy_again_trials', 'new_arrivals_trials', 'popular_items_trials',
        'trending_items_trials',
    ]) }}
{%- endmacro %}
