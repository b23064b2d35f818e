{% macro literal(value) %}
    {#- A value of Jinja as SQL: none, a number, text, or a list of these. -#}
    {%- if value is none -%}
        null
    {%- elif value is string -%}
        '{{ value | replace("'", "''") }}'
    {%- elif value is number -%}
        {{ value }}
    {%- else -%}
        [{% for member in value %}{{ two_tower.literal(member) }}{{ ', ' if not loop.last }}{% endfor %}]
    {%- endif -%}
{%- endmacro %}
