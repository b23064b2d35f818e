{% macro shard_parents(sql) %}
    {#- What a shard of this model reads: the shards' files of what was made by shards; what else has a user_id dealt out by user; all else
        whole. Files are written once per invocation. -#}
    {%- set parents, written = [], graph.setdefault('two_tower_dealt_out ' ~ invocation_id, {}) -%}
    {%- for id in model.depends_on.nodes -%}
        {%- set node = graph.nodes.get(id) or graph.sources[id] -%}
        {%- if node.relation_name and node.relation_name in sql -%}
            {%- set relation = api.Relation.create(node.database, node.schema, node.alias or node.identifier) -%}
            {%- set columns = {} -%}
            {%- for column in adapter.get_columns_in_relation(relation) -%}
                {%- do columns.update({column.name: column.dtype}) -%}
            {%- endfor -%}
            {%- set made = two_tower.shards_of(relation) -%}
            {%- if made and made.shards != var('two_tower_shards') -%}
                {%- do two_tower.input_error(
                    relation.identifier, 'it was made in ' ~ made.shards ~ ' shards, and var two_tower_shards is ' ~ var('two_tower_shards') ~ '.',
                    'build everything anew (dbt build), or set two_tower_shards: ' ~ made.shards ~ ' for this run.'
                ) -%}
            {%- endif -%}
            {#- documented: a shop may call a feature of its items so -#}
            {%- set kind = 'by_user' if made else 'dealt' if 'user_id' in node.columns else 'whole' -%}
            {%- if not made and id not in written -%}
                {%- do written.update({id: two_tower.deal_out(relation, kind)}) -%}
            {%- endif -%}
            {%- do parents.append({
                'schema': relation.schema, 'name': relation.identifier, 'kind': kind, 'columns': columns,
                'folder': made.folder if made else written[id],
            }) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(parents) }}
{% endmacro %}
