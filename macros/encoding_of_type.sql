{% macro encoding_of_type(data_type) %}
    {#- How a column is encoded when nothing else is said, by its data type. -#}
    {%- set type = (data_type or '') | lower -%}
    {%- if type in ['varchar[]', 'text[]', 'string[]'] -%}
        {{ return('categories') }}
    {%- elif type.endswith(']') -%}
        {{ return('vector') }}
    {%- elif type in ['varchar', 'text', 'string', 'boolean', 'bool', 'uuid'] -%}
        {{ return('category') }}
    {%- else -%}
        {{ return('number') }}
    {%- endif -%}
{% endmacro %}
