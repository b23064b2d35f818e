{% macro served_at() %}
    {#- The moment for which rules and availability are read: var two_tower_as_of, or the clock of the run, local time. What happened
        last may be hours old by then. -#}
    {%- if var('two_tower_as_of') -%}
        cast({{ two_tower.literal(var('two_tower_as_of')) }} as timestamp)
    {%- else -%}
        cast(localtimestamp as timestamp)
    {%- endif -%}
{% endmacro %}
