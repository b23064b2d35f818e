{% macro worth(chance, relative_value, weight=none) %}
    {#- SQL: what a chance is worth by the value of the item. It is the chance itself where two_tower_value_weight is 0. `relative_value`:
        that of item_categories; `weight`: SQL of another weight. -#}
    {%- set weight = var('two_tower_value_weight') if weight is none else weight -%}
    {{ return(chance if weight == 0 else chance ~ ' * power(' ~ relative_value ~ ', ' ~ weight ~ ')') }}
{%- endmacro %}
