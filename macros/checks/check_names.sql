{% macro check_names() %}
    {#- Of check_project: stops when a model of another project has the name of one of this package and dbt would take the one for
        the other in the package's tests; and when the package's models are to be built in another database than the profile's. -#}
    {%- for node in (graph.nodes.values() if execute else []) if node.resource_type == 'model' and node.package_name == 'two_tower'
        and (node.database | lower) != (target.database | lower) -%}
        {%- do two_tower.input_error(
            'model ' ~ node.name, "is to be built in the database '" ~ node.database ~ "', and the profile's is '" ~ target.database ~ "'.",
            'leave +database out for two_tower; its lists may be read from any database that attaches this one.'
        ) -%}
    {%- endfor -%}
    {%- if execute and not (two_tower.root_project().get('flags') or {}).get('require_ref_searches_node_package_before_root') -%}
        {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.package_name != 'two_tower'
            and 'model.two_tower.' ~ node.name in graph.nodes -%}
            {%- do two_tower.input_error(
                'model ' ~ node.name, 'has the name of a model of two_tower.',
                'set `flags: {require_ref_searches_node_package_before_root: true}` in dbt_project.yml, or rename it.'
            ) -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}
