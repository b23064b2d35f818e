{% macro check_sources() %}
    {#- Pre-hook of the staging models: stops before a model is built from a source that is not there, lacks a column that
        its yml describes, or has one of another kind. -#}
    {%- if execute -%}
        {%- for source_name, table_name in model.sources -%}
            {%- set described = graph.sources.values() | selectattr('source_name', 'equalto', source_name)
                | selectattr('name', 'equalto', table_name) | first -%}
            {%- set relation = source(source_name, table_name) -%}
            {%- set label = 'source ' ~ source_name ~ '.' ~ table_name ~ ' (' ~ relation ~ ')' -%}
            {%- do two_tower.check_source_file(relation, label) -%}
            {%- do two_tower.check_source_columns(relation, label, described.columns.values()) -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}
