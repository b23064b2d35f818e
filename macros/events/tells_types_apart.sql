{% macro tells_types_apart() %}
    {#- Whether some events are no targets: var two_tower_target_events names those that are, or two_tower_least_rating sets low ratings
        apart. -#}
    {{ return(var('two_tower_target_events') | length > 0 or var('two_tower_least_rating') is number) }}
{%- endmacro %}
