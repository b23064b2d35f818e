{% macro is_new(stage) %}
    {#- SQL: whether a candidate is one of the new items for which two_tower_new_item_share keeps places; FALSE where it keeps none. -#}
    {%- if var('two_tower_new_item_share') == 0 -%}
        false
    {%- else -%}
        not is_repeat and item_id in ({{ two_tower.arrivals(stage) }})
    {%- endif -%}
{%- endmacro %}
