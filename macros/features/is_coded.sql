{% macro is_coded(item_features) %}
    {#- Whether an item has a code of its own as of a cutoff; rarer ones are known by their features. -#}
    {{ item_features }}.events >= {{ var('two_tower_min_item_interactions') }}
{%- endmacro %}
