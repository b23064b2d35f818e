{% macro shard_root() %}
    {#- Folder or URL of the shards' files: var two_tower_shard_dir, or beside the warehouse and called like it; empty where the warehouse is in memory
        and the var is empty. -#}
    {%- set path = run_query('select path from duckdb_databases() where database_name = current_database()').rows[0][0] if execute -%}
    {%- set given = var('two_tower_shard_dir') or (path ~ '.shards' if path and path != ':memory:' else '') -%}
    {{ return(given if '://' in given else two_tower.beside_warehouse(given) or given) }}
{% endmacro %}
