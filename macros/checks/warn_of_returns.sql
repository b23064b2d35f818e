{% macro warn_of_returns() %}
    {#- Post-hook of stg_interactions: says how many rows it left out for their negative quantity. -#}
    {%- if execute and flags.WHICH != 'clone' -%}
        {%- set quantity = two_tower.input_columns('interactions').quantity -%}
        {%- set found = run_query(
            'select count(*) from ' ~ two_tower.input_relation('interactions') ~ ' where cast(' ~ quantity ~ ' as double) < 0'
        ).rows[0][0] -%}
        {%- if found -%}
            {%- do exceptions.warn(
                'var two_tower_interactions (' ~ var('two_tower_interactions') ~ '), column quantity: ' ~ found ~ ' rows are below 0. They '
                ~ 'are taken for returns and left out. What they take back still counts: leave it out, too, in a model of yours.'
            ) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
