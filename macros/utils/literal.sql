{% macro literal(value) %}
    {#- A value of Jinja as SQL: none, a boolean, a number, text, or a list of these. -#}
    {%- if value is none -%}
        {{ return('null') }}
    {%- elif value is string -%}
        {{ return("'" ~ value | replace("'", "''") ~ "'") }}
    {%- elif value is boolean -%}
        {{ return(value | string | lower) }}
    {%- elif value is number -%}
        {{ return(value | string) }}
    {%- elif value is iterable and value is not mapping -%}
        {%- set members = [] -%}
        {%- for member in value -%}{%- do members.append(two_tower.literal(member)) -%}{%- endfor -%}
        {{ return('[' ~ members | join(', ') ~ ']') }}
    {%- endif -%}
    {{ return(two_tower.literal(value | string)) }}
{%- endmacro %}
