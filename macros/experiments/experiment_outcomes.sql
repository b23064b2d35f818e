{% macro experiment_outcomes() %}
    {#- Select of what users did, user_id, occurred_at, revenue: the relation of var two_tower_outcomes, else the interactions. -#}
    {%- if var('two_tower_outcomes') -%}
    {{ two_tower.optional_relation(
        'two_tower_outcomes', {'user_id': 'varchar', 'occurred_at': 'timestamp', 'revenue': 'double'}
    ) }}
    {%- else -%}
    select
        user_id,
        event_at as occurred_at,
        price * quantity as revenue
    from {{ ref('two_tower', 'stg_interactions') }}
    {%- endif %}
{%- endmacro %}
