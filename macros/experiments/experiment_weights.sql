{% macro experiment_weights(users) %}
    {#- Select of the share of users that each variant should have: experiment, variant, share. Those of var two_tower_experiments;
        equal ones for an experiment that is not in there. -#}
    with

    weights_given as (
        {%- for experiment, weights in (var('two_tower_experiments') or {}).items() %}
        {%- for variant, weight in weights.items() %}
        select '{{ experiment }}' as experiment, '{{ variant }}' as variant, {{ weight }} as weight
        union all
        {%- endfor %}
        {%- endfor %}
        select distinct experiment, variant, 1 as weight
        from {{ users }}
        where experiment not in ('', '{{ (var('two_tower_experiments') or {}).keys() | join("', '") }}')
    )

    select
        experiment,
        variant,
        weight / sum(weight) over (partition by experiment) as share
    from weights_given
{%- endmacro %}
