{% macro published_file() %}
    {#- Path of the file that readers open, beside the warehouse's; empty where nothing is published: var two_tower_published_file is
        empty, or the warehouse is in memory. -#}
    {%- set name = var('two_tower_published_file') -%}
    {%- set path = run_query('select path from duckdb_databases() where database_name = current_database()').rows[0][0] if execute -%}
    {%- if not name or not path or path == ':memory:' -%}
        {{ return('') }}
    {%- elif name.startswith('/') -%}
        {{ return(name) }}
    {%- endif -%}
    {{ return(modules.re.sub('[^/\\\\]*$', '', path) ~ name) }}
{% endmacro %}
