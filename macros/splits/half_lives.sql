{% macro half_lives(days) %}
    {#- What an interaction of that age counts: half after two_tower_history_half_life_days; where the split knows no order, as much
        at any age, for what is to be found may be older. -#}
    {%- if var('two_tower_split') == 'random' -%}
        cast(1 as double)
    {%- else -%}
        power(2, -({{ days }}) / {{ var('two_tower_history_half_life_days') }})
    {%- endif -%}
{%- endmacro %}
