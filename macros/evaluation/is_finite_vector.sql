{% macro is_finite_vector(column) %}
    {#- Whether every number of a vector is there and finite. -#}
    list_bool_and(list_transform(cast({{ column }} as double[]), lambda x: coalesce(isfinite(x), false)))
{%- endmacro %}
