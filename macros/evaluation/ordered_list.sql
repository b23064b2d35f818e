{% macro ordered_list(value, order_by) %}
    {#- Aggregate: the values of a group as a list, in a stated order. -#}
    list({{ value }} order by {{ order_by }} asc)
{%- endmacro %}
