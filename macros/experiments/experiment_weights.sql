{% macro experiment_weights(users) %}
    {#- Select of the share of users that each variant should have: experiment, variant, share. Those of var two_tower_experiments;
        equal ones for an experiment that is not in there. -#}
    with

    weights_given as (
        {%- for experiment, weights in (var('two_tower_experiments') or {}).items() %}
        {%- for variant, weight in weights.items() %}
        select {{ two_tower.literal(experiment | string) }} as experiment, {{ two_tower.literal(variant | string) }} as variant, {{ weight }} as weight
        union all
        {%- endfor %}
        {%- endfor %}
        select distinct experiment, variant, 1 as weight
        from {{ users }}
        where not list_contains({{ two_tower.literal(['']  + (var('two_tower_experiments') or {}).keys() | map('string') | list) }}, experiment)
    )

    select
        experiment,
        variant,
        weight / sum(weight) over (partition by experiment) as share
    from weights_given
{%- endmacro %}
