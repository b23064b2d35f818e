{% macro is_collecting() %}
    {#- Whether operation `check` collects problems instead of stopping at the first. -#}
    {{ return(execute and graph.get('two_tower_problems') is not none) }}
{% endmacro %}
