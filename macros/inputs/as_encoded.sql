{% macro as_encoded(column, data_type, encoding) %}
    {#- A column cast to the one type that its encoding has from the staging models on: text, list of text, double, float[n]. -#}
    {%- if encoding == 'text' and data_type.endswith(']') -%}
        array_to_string(cast({{ column }} as varchar[]), ' ')
    {%- elif encoding in ['category', 'text'] -%}
        cast({{ column }} as varchar)
    {%- elif encoding == 'categories' -%}
        cast({{ column }} as varchar[])
    {%- elif encoding == 'vector' -%}
        cast({{ column }} as float[{{ modules.re.sub('[^0-9]', '', data_type.split('[')[-1]) }}])
    {%- elif two_tower.type_family(data_type) == 'time' -%}
        {{ two_tower.days_of_time(column) }}
    {%- else -%}
        cast({{ column }} as double)
    {%- endif -%}
{%- endmacro %}
