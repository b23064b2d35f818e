{% macro literal(value) %}
    {#- A value of Jinja as SQL: none, a boolean, a number, text, or a list of these; a quote in a text is doubled. -#}
    {%- if value is none -%}
        null
    {%- elif value is boolean -%}
        {{ value | string | lower }}
    {%- elif value is number -%}
        {{ value }}
    {%- elif value is string or value is mapping or value is not iterable -%}
        '{{ value | string | replace("'", "''") }}'
    {%- else -%}
        [{% for member in value %}{{ two_tower.literal(member) }}{{ ', ' if not loop.last }}{% endfor %}]
    {%- endif -%}
{%- endmacro %}
