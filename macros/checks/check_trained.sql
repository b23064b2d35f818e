{% macro check_trained() %}
    {#- On-run-start: stops a refresh without training where nothing has been trained yet. -#}
    {%- if execute and flags.WHICH in ['run', 'build', 'retry'] and not flags.DEFER -%}
        {%- set registry = graph.nodes['model.two_tower.model_registry'] -%}
        {%- set embeddings = ['model.two_tower.item_embeddings', 'model.two_tower.user_embeddings'] -%}
        {%- if registry.unique_id not in selected_resources
            and selected_resources | select('in', embeddings) | list
            and not adapter.get_relation(registry.database, registry.schema, registry.alias) -%}
            {%- do two_tower.input_error(
                'schema ' ~ registry.schema, 'there are no trained towers yet (' ~ registry.alias ~ ' is missing).',
                'run `dbt build` once without --exclude tag:train; after that the refresh finds them.'
            ) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
