{% macro of_served_set(name, columns) %}
    {#- Select of a table of the set that readers see, after attach_served_set; no rows where it has none. columns: types by name. -#}
    {%- set place = graph.nodes['model.two_tower.' ~ name] if execute else none -%}
    {%- set found = run_query(
        "select count(*) from duckdb_tables() where database_name = 'two_tower_served' and schema_name = " ~ two_tower.literal(place.schema)
        ~ ' and table_name = ' ~ two_tower.literal(place.alias)
    ).rows[0][0] if execute else 0 -%}
    {%- if found -%}
        select {{ columns | join(', ') }} from two_tower_served.{{ two_tower.quoted(place.schema) }}.{{ two_tower.quoted(place.alias) }}
    {%- else -%}
        select {% for column, type in columns.items() %}cast(null as {{ type }}) as {{ column }}{{ ', ' if not loop.last }}{% endfor %}
        where false
    {%- endif -%}
{%- endmacro %}
