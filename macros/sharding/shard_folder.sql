{% macro shard_folder(schema, name) %}
    {#- A folder for the files of a table that this invocation writes, which is made. Before its first one, what no view reads is deleted. -#}
    {%- set root = two_tower.shard_root() -%}
    {%- if graph.get('two_tower_shards_dropped') != invocation_id -%}
        {%- do graph.update({'two_tower_shards_dropped': invocation_id}) -%}
        {%- do two_tower.drop_shards(root, invocation_id) -%}
    {%- endif -%}
    {%- set path = [root, schema, invocation_id, name] | join('/') -%}
    {{ return(run_query('select two_tower_shard_folder(' ~ two_tower.literal(path) ~ ')').rows[0][0]) }}
{% endmacro %}
