{% macro feature_name(column_name) %}
    {#- A column's name in snake case without other signs; `own_` in front where a column of ours has that name. A name without a
        letter of these gets a hash of itself, so that two such stay two. -#}
    {%- set name = modules.re.sub('[^a-z0-9_]+', '_', column_name | trim | lower) | trim('_') -%}
    {%- if not modules.re.search('[a-z]', name) -%}{%- set name = (name ~ '_' if name else 'own_') ~ local_md5(column_name)[:8] -%}{%- endif -%}
    {%- set taken = ['embedding', 'entity', 'inputs', 'is_served', 'item_label', 'item_value', 'known_id', 'only_new', 'policy', 'served', 'user_label', 'vector'] -%}
    {%- for node in graph.nodes.values() if node.package_name == 'two_tower'
        and node.name in ['item_features', 'item_inputs', 'item_reviews', 'user_features', 'user_inputs'] -%}
        {%- do taken.extend(node.columns.keys()) -%}
    {%- endfor -%}
    {{ return('own_' ~ name if name in taken or not modules.re.match('[a-z_]', name) else name) }}
{% endmacro %}
