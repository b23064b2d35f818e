{% macro input_column_name(input, name) %}
    {#- What the input relation calls our column: var two_tower_columns, or the same name. -#}
    {{ return(((var('two_tower_columns') or {}).get(input) or {}).get(name, name)) }}
{% endmacro %}
