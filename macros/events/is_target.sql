{% macro is_target(event_type) %}
    {#- Whether an event of a type is what is predicted, evaluated and counted; the only place that says so. -#}
    {%- set conditions = [] -%}
    {%- if var('two_tower_target_events') -%}
        {%- do conditions.append(event_type ~ ' in (' ~ two_tower.literal(var('two_tower_target_events'))[1:-1] ~ ')') -%}
    {%- elif two_tower.tells_types_apart() -%}
        {%- do conditions.append(event_type ~ ' != ' ~ two_tower.literal(two_tower.low_rating())) -%}
    {%- endif -%}
    {{ conditions | first if conditions else 'true' }}
{%- endmacro %}
