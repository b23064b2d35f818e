{% macro half_lives(days) %}
    {#- What an interaction of that age counts: half after two_tower_history_half_life_days. -#}
    power(2, -({{ days }}) / {{ var('two_tower_history_half_life_days') }})
{%- endmacro %}
