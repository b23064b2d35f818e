{% macro experiment_outcomes() %}
    {#- Select of what users did, user_id, occurred_at, revenue: the relation of var two_tower_outcomes, else the interactions. -#}
    {%- if var('two_tower_outcomes') -%}
    {{ two_tower.input_rows('outcomes') }}
    {%- else -%}
    select
        user_id,
        event_at as occurred_at,
        revenue
    from {{ ref('two_tower', 'stg_interactions') }}
    where {{ two_tower.is_target('event_type') }}
    {%- endif %}
{%- endmacro %}
