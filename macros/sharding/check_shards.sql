{% macro check_shards() %}
    {#- Of check_project: stops before the work where models are to be made by shards and the plugin or a place for files is missing, or where files are
        gone that this run does not write. -#}
    {%- if execute and var('two_tower_shards') -%}
        {%- set protocol = var('two_tower_shard_dir').split('://')[0] -%}
        {%- set known = (target.get('filesystems') or []) | map(attribute='fs') | list -%}
        {%- set found = run_query("select count(*) from duckdb_functions() where function_name = 'two_tower_shard_folder'").rows[0][0] -%}
        {%- if not found -%}
            {%- do two_tower.input_error(
                'var two_tower_shards', "value '" ~ var('two_tower_shards') ~ "' needs a plugin that profiles.yml does not load.",
                'add to plugins: `- {module: two_tower.python_udfs.shards, config: {engine: processes}}`, or set two_tower_shards: 0.'
            ) -%}
        {%- elif '://' in var('two_tower_shard_dir') and protocol not in known -%}
            {%- do two_tower.input_error(
                'var two_tower_shard_dir', "value '" ~ var('two_tower_shard_dir') ~ "': profiles.yml has no settings for " ~ protocol ~ '.',
                'add to your output: `filesystems: [{fs: ' ~ protocol ~ '}]` with what fsspec needs to open it, or name a folder.'
            ) -%}
        {%- elif not two_tower.shard_root() -%}
            {%- do two_tower.input_error(
                'var two_tower_shard_dir', 'is empty, and the warehouse is in memory: there is no place for files.',
                'name a folder, or set two_tower_shards: 0.'
            ) -%}
        {%- endif -%}
        {%- for id, node in graph.nodes.items() if node.resource_type == 'model' and node.config.materialized == 'by_user' and id not in selected_resources -%}
            {%- set made = two_tower.shards_of(api.Relation.create(node.database, node.schema, node.alias)) -%}
            {%- if made -%}
                {%- set pattern = made.folder ~ '/*-of-' ~ made.shards ~ '.parquet' -%}
                {%- set there = run_query('select count(*) from glob(' ~ two_tower.literal(pattern) ~ ')').rows[0][0] -%}
                {%- if there < made.shards -%}
                    {%- do two_tower.input_error(
                        node.name, there ~ ' of its ' ~ made.shards ~ ' files are in ' ~ made.folder ~ '.',
                        'build it and what reads it again: dbt build --select ' ~ node.name ~ '+.'
                    ) -%}
                {%- endif -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}
