{% macro number_of(name, values, otherwise=0) %}
    {#- The number of a row's name out of a var like {allow_repeats: 0.1, unseen_only: 0.2}; `otherwise` for a name that is missing there. -#}
    cast(case {{ name }} when '' then {{ otherwise }}
        {%- for known, value in (values or {}).items() %} when {{ two_tower.literal(known) }} then {{ value }}{% endfor %} else {{ otherwise }} end as double)
{%- endmacro %}
