{% macro merchandising_rules(is_checked=false) %}
    {#- Select of all rules that people wrote, in force or not. -#}
    {{ two_tower.input_rows('merchandising_rules', is_checked) }}
{%- endmacro %}
