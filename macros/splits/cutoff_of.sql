{% macro cutoff_of(stage) %}
    {#- Number of the cutoff of a stage. -#}
    {%- set evaluation = 1 if 'evaluation' in var('two_tower_stages') else 0 -%}
    {{ return({'production': 0, 'evaluation': 1, 'validation': evaluation + 1}[stage]) }}
{%- endmacro %}
