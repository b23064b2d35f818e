{% macro check_cutoffs() %}
    {#- Pre-hook of what learns: stops where a refresh has left out the cutoffs that it learns from. -#}
    {%- if execute and model.name in ['training_runs', 'learning_candidates'] -%}
        {%- set is_short -%}
            select (select max(cutoff) from {{ graph.nodes['model.two_tower.cutoffs'].relation_name }})
                < {{ two_tower.oldest_cutoff() }}
            from {{ graph.nodes['model.two_tower.interaction_splits'].relation_name }}
        {%- endset -%}
        {%- if run_query(is_short).rows[0][0] -%}
            {%- do two_tower.input_error(
                model.name, 'finds no cutoffs to learn from: the last run was a refresh, which leaves them out.',
                'train with all that comes before: dbt run --select +training_runs+.'
            ) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
