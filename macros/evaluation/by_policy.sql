{% macro by_policy(policy, values) %}
    {#- The number of a row's policy out of a var like {allow_repeats: 0.1, unseen_only: 0.2}; a missing policy means 0. -#}
    cast(case {{ policy }} when '' then 0
        {%- for name, value in (values or {}).items() %} when {{ two_tower.literal(name) }} then {{ value }}{% endfor %} else 0 end as double)
{%- endmacro %}
