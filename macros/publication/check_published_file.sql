{% macro check_published_file() %}
    {#- Of check_project: stops before the work where the published file holds the lists of another schema, or is no such file. -#}
    {%- if execute and 'model.two_tower.publication' in selected_resources and two_tower.published_file() -%}
        {%- set schema = graph.nodes['model.two_tower.recommendations'].schema -%}
        {%- set served = two_tower.served_set() -%}
        {%- if served and served.schema_name != schema -%}
            {%- do two_tower.input_error(
                two_tower.published_file(), 'holds the lists of schema ' ~ served.schema_name ~ ', and this target builds ' ~ schema ~ '.',
                'give this target a file of its own (var two_tower_published_file), or none: ' ~ "--vars '{two_tower_published_file: \"\"}'."
            ) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
