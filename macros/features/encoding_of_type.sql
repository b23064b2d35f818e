{% macro encoding_of_type(data_type, name='') %}
    {#- How a column is encoded when nothing else is said, by its data type; `none` for a type that is no feature. A whole number is a
        category where its name says that it is a key. -#}
    {%- set type = (data_type or '') | lower -%}
    {%- set family = two_tower.type_family(type) -%}
    {%- if modules.re.fullmatch('(varchar|text|string|uuid|[a-z]*int|integer|enum.*)\\[\\]', type) -%}
        {{ return('categories') }}
    {%- elif modules.re.fullmatch('(float|real|double)\\[[0-9]+\\]', type) -%}
        {{ return('vector') }}
    {%- elif family == 'text' or type in ['boolean', 'bool'] or (
        modules.re.fullmatch('[a-z]*int|integer|decimal\\([0-9]+, *0\\)', type)
        and modules.re.fullmatch('(?i:(.*[^a-z])?id|.*code|.*key)|.*[a-z]I[dD]', name)
    ) -%}
        {{ return('category') }}
    {%- elif family in ['number', 'time'] -%}
        {{ return('number') }}
    {%- endif -%}
    {{ return('none') }}
{% endmacro %}
