{% macro check_trained() %}
    {#- Of check_project: stops a refresh without training where nothing has been trained yet. -#}
    {%- if execute and flags.WHICH in ['run', 'build', 'retry'] and not flags.DEFER -%}
        {%- set registries = {
            'model_registry': ['item_embeddings', 'user_embeddings'],
            'ranker_registry': ['ranked_candidates', 'evaluated_candidates'],
        } -%}
        {%- for name, readers in registries.items() -%}
            {%- set registry = graph.nodes['model.two_tower.' ~ name] -%}
            {%- set selected = [] -%}
            {%- for reader in readers if 'model.two_tower.' ~ reader in selected_resources -%}
                {%- do selected.append(reader) -%}
            {%- endfor -%}
            {%- if selected and registry.unique_id not in selected_resources
                and not adapter.get_relation(registry.database, registry.schema, registry.alias) -%}
                {%- do two_tower.input_error(
                    'schema ' ~ registry.schema, 'there ' ~ ('are no trained towers' if name == 'model_registry' else 'is no trained ranker') ~ ' yet (' ~ registry.alias ~ ' is missing).',
                    'run `dbt build` once without --exclude tag:train; after that the refresh finds them.'
                ) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}
