{% macro query_columns(query) %}
    {#- Columns of a query or relation, {name: type}. Begins no transaction, which adapter.get_columns_in_relation does. -#}
    {%- set columns = {} -%}
    {%- for row in run_query('describe ' ~ query).rows -%}
        {%- do columns.update({row[0]: row[1]}) -%}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}
