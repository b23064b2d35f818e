{% macro is_built(name) %}
    {#- Whether a model of this package has a table or view in this schema. -#}
    {%- set node = graph.nodes['model.two_tower.' ~ name] -%}
    {{ return(adapter.get_relation(node.database, node.schema, node.alias) is not none) }}
{% endmacro %}
