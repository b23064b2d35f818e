{% macro as_encoded(column, data_type, encoding) %}
    {#- A column cast to the one type that its encoding has from the staging models on: text, list of text, double, float[n]. What is
        not finite is NULL. -#}
    {%- if encoding == 'text' and data_type.endswith(']') -%}
        array_to_string(cast({{ column }} as varchar[]), ' ')
    {%- elif encoding in ['category', 'text'] and data_type | lower in ['float', 'double'] -%}
        case when isfinite({{ column }}) then cast({{ column }} as varchar) end
    {%- elif encoding in ['category', 'text'] -%}
        cast({{ column }} as varchar)
    {%- elif encoding == 'categories' -%}
        cast({{ column }} as varchar[])
    {%- elif encoding == 'vector' -%}
        {%- set vector -%}
            cast({{ column }} as float[{{ modules.re.sub('[^0-9]', '', data_type.split('[')[-1]) }}])
        {%- endset -%}
        case when list_bool_and([coalesce(isfinite(x), false) for x in cast({{ column }} as double[])]) then {{ vector }} end
    {%- elif two_tower.type_family(data_type) == 'time' -%}
        {{ two_tower.days_of_time(column) }}
    {%- else -%}
        {{ two_tower.finite(column) }}
    {%- endif -%}
{%- endmacro %}
