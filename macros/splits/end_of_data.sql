{% macro end_of_data() %}
    {#- The moment that counts as now: var two_tower_as_of, or just after the newest event. Later events are left out. -#}
    {%- if var('two_tower_as_of') -%}
        max(cast({{ two_tower.literal(var('two_tower_as_of')) }} as timestamp))
    {%- else -%}
        max(event_at) + interval 1 second
    {%- endif -%}
{% endmacro %}
