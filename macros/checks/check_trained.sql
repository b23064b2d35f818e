{% macro check_trained() %}
    {#- Of check_project: stops a refresh without training where nothing has been trained yet, or embeddings of another length. -#}
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
            {%- set is_read = selected and registry.unique_id not in selected_resources -%}
            {%- set found = adapter.get_relation(registry.database, registry.schema, registry.alias) if is_read -%}
            {%- if is_read and not found -%}
                {%- do two_tower.input_error(
                    'schema ' ~ registry.schema, 'there ' ~ ('are no trained towers' if name == 'model_registry' else 'is no trained ranker') ~ ' yet (' ~ registry.alias ~ ' is missing).',
                    'run `dbt build` once without --exclude tag:train; after that the refresh finds them.'
                ) -%}
            {%- elif is_read and name == 'model_registry' -%}
                {%- set lengths = run_query('select distinct dim from ' ~ found ~ ' where dim <> ' ~ var('two_tower_dim')).columns[0].values() -%}
                {%- if lengths -%}
                    {%- do two_tower.input_error(
                        'var two_tower_dim', 'it is ' ~ var('two_tower_dim') ~ ', and the trained towers give ' ~ lengths[0] ~ ' numbers.',
                        'set it to ' ~ lengths[0] ~ ', or train again: run `dbt build`.'
                    ) -%}
                {%- endif -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}
