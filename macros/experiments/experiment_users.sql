{% macro experiment_users() %}
    {#- Select of who was in which variant since when: experiment, user_id, variant, exposed_at. Who saw two variants counts in none. -#}
    with

    exposures_given as (
        {{ two_tower.input_rows('exposures') }}
    )

    select
        experiment,
        user_id,
        min(variant) as variant,
        min(exposed_at) as exposed_at
    from exposures_given
    group by experiment, user_id
    having count(distinct variant) = 1
{%- endmacro %}
