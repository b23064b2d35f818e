{% macro shards_of(relation) %}
    {#- Where the files of a relation that was made by shards are: {folder, shards}; none for another one. Their names hold the number. -#}
    {%- set rows = run_query(
        'select sql from duckdb_views() where database_name = ' ~ two_tower.literal(relation.database) ~ ' and schema_name = '
        ~ two_tower.literal(relation.schema) ~ ' and view_name = ' ~ two_tower.literal(relation.identifier)
    ).rows -%}
    {%- set found = modules.re.search("'((?:[^']|'')+)/0-of-([0-9]+)[.]parquet'", rows[0][0]) if rows -%}
    {{ return({'folder': found.group(1) | replace("''", "'"), 'shards': found.group(2) | int} if found else none) }}
{% endmacro %}
