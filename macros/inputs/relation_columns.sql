{% macro relation_columns(relation, label) %}
    {#- Columns of a relation, {lower-case name: {name, type}}. Empty while parsing and where a compile finds no relation;
        a run stops there. -#}
    {%- set columns = {} -%}
    {%- if execute -%}
        {%- set is_file = (relation | string).startswith("'") or '(' in relation | string -%}
        {%- set is_there = is_file or relation.schema and adapter.get_relation(relation.database, relation.schema, relation.identifier) -%}
        {%- if is_there -%}
            {%- for row in run_query('describe select * from ' ~ relation).rows -%}
                {%- do columns.update({row[0] | lower: {'name': row[0], 'type': row[1]}}) -%}
            {%- endfor -%}
        {%- elif flags.WHICH in ['run', 'build', 'retry'] or two_tower.is_collecting() -%}
            {%- do two_tower.input_error(
                label, 'there is no table or view ' ~ relation ~ '.',
                'build it first, as a table or view (not ephemeral), or correct the name of the source.'
            ) -%}
        {%- endif -%}
    {%- endif -%}
    {{ return(columns) }}
{% endmacro %}
