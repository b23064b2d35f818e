{% macro published_relations(statements) %}
    {#- Rows of model published_relations: the models that it depends on, and the table macros that `statements` create, each with the
        models that it reads. -#}
    {%- set rows, database = [], two_tower.quoted(this.database) ~ '.' -%}
    {%- set read = {} -%}
    {%- for id in (model.depends_on.nodes if execute else []) -%}
        {%- set node = graph.nodes[id] -%}
        {%- do read.update({node.name: node.relation_name | replace(database, '')}) -%}
        {%- do rows.append([node.name, node.schema, node.alias, 'table', node.access | string == 'public', '', []]) -%}
    {%- endfor -%}
    {%- for statement in (statements if execute else []) -%}
        {#- where the schema is called like the database, its macros name both; the published file has another name -#}
        {%- set text = statement | replace(database, '') | trim -%}
        {%- set reads = [] -%}
        {%- for name, relation in read.items() if relation in text -%}
            {%- do reads.append(name) -%}
        {%- endfor -%}
        {%- set name = modules.re.search('[.](\\w+)[(]', text).group(1) -%}
        {%- do rows.append([name, this.schema, name, 'macro', true, text, reads]) -%}
    {%- endfor -%}
    select
        cast(null as varchar) as model,
        cast(null as varchar) as schema_name,
        cast(null as varchar) as relation_name,
        cast(null as varchar) as kind,
        cast(null as boolean) as is_public,
        cast(null as varchar) as statement,
        cast(null as varchar[]) as reads
    where false
    {%- for row in rows %}
    union all
    select {% for value in row %}{{ two_tower.literal(value) }}{{ ', ' if not loop.last }}{% endfor %}
    {%- endfor %}
{%- endmacro %}
