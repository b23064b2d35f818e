{% macro prune(keep=5) %}
    {#- Operation: deletes what killed runs have left, and sets and training runs beyond the newest `keep` of those that are not used. Never
        what is served, pinned, in a set that stays, or in a registry of any schema of this warehouse. -#}
    {%- if execute -%}
        {%- set used = [var('two_tower_pinned_run')] -%}
        {%- set registries = run_query(
            "select schema_name, table_name from duckdb_tables() where database_name = current_database() "
            ~ "and table_name in ('model_registry', 'ranker_registry')"
        ).rows -%}
        {%- for registry in registries -%}
            {%- set place = two_tower.quoted(registry[0]) ~ '.' ~ registry[1] -%}
            {%- do used.extend(run_query('select distinct run_id from ' ~ place).columns[0].values()) -%}
        {%- endfor -%}
        {%- set gone = two_tower.operation('prune', [two_tower.published_file(), var('two_tower_model_dir'), keep, used | join(',')]) -%}
        {%- if var('two_tower_shards') -%}
            {%- do gone.update({'shards': two_tower.drop_shards(two_tower.shard_root())}) -%}
        {%- endif -%}
        {%- for what, names in gone.items() -%}
            {%- do print(what ~ ' deleted: ' ~ (names | join(', ') or 'none')) -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}
