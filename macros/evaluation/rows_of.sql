{% macro rows_of(column, values) %}
    {#- One row per distinct value of a list of strings or numbers, in one column. -#}
    {%- if values is not iterable or values is string or values is mapping or not values -%}
        {{ exceptions.raise_compiler_error(
            "rows_of: values of " ~ column ~ " must be a list that is not empty, got " ~ values
        ) }}
    {%- endif -%}
    select unnest({{ two_tower.literal(values | unique | list) }}) as {{ column }}
{%- endmacro %}
