{% macro typed_event(lines) %}
    {#- Type of an event: a rating below var two_tower_least_rating has one of its own. -#}
    {%- if var('two_tower_least_rating') is number -%}
        case
            when {{ lines }}.rating < {{ var('two_tower_least_rating') }} then {{ two_tower.literal(two_tower.low_rating()) }}
            else {{ lines }}.event_type
        end
    {%- else -%}
        {{ lines }}.event_type
    {%- endif -%}
{%- endmacro %}
