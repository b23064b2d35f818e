{% macro may_repeat() %}
    {#- Whether lists of what the user had before are of interest: published, or evaluated. -#}
    {{ return('allow_repeats' in [var('two_tower_policy')] + (var('two_tower_policies') | list)) }}
{%- endmacro %}
