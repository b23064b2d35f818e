{% macro check_views() %}
    {#- On-run-start: a view must not call a function of the plugin, since it fails for whoever opens the database without it. -#}
    {%- if execute -%}
        {%- set functions = '(?i)(?<![\\w.])(embed(_text|_image)?|text_buckets|top_k|bootstrap_(interval|ratio|difference))\\s*\\(' -%}
        {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.config.materialized == 'view' -%}
            {%- set called = modules.re.search(functions, node.raw_code) -%}
            {%- if called -%}
                {%- do two_tower.input_error(
                    'model ' ~ node.name, 'is a view that calls the Python function ' ~ called.group(1) ~ '().',
                    "materialize it: {{ '{{' }} config(materialized='table') {{ '}}' }}; a view fails where the plugin is not loaded."
                ) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}
