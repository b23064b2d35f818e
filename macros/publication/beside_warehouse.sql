{% macro beside_warehouse(name) %}
    {#- Path of a file or folder that is named relative to the warehouse's folder; empty without a name or where the warehouse is in memory. -#}
    {%- set path = run_query('select path from duckdb_databases() where database_name = current_database()').rows[0][0] if execute -%}
    {%- if not name or not path or path == ':memory:' -%}
        {{ return('') }}
    {%- elif name.startswith('/') -%}
        {{ return(name) }}
    {%- endif -%}
    {{ return(modules.re.sub('[^/\\\\]*$', '', path) ~ name) }}
{% endmacro %}
