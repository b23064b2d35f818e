{% macro encoding_of_type(data_type, name='') %}
    {#- How a column is encoded when nothing else is said, by its data type; `none` for a type that is no feature. A whole number is a
        category where its name says that it is a key. -#}
    {%- set type = (data_type or '') | lower -%}
    {%- set family = two_tower.type_family(type.removesuffix('[]')) -%}
    {%- set is_whole = family == 'number' and not modules.re.match('(float|real|double|(decimal|numeric)(?!.*, *0[)]))', type) -%}
    {%- if type.endswith('[]') -%}
        {{ return('categories' if family == 'text' or is_whole else 'none') }}
    {%- elif modules.re.fullmatch('(float|real|double)\\[[0-9]+\\]', type) -%}
        {{ return('vector') }}
    {%- elif family == 'text' or type in ['boolean', 'bool']
        or (is_whole and modules.re.fullmatch('(?i:(.*[^a-z])?id|.*code|.*key)|.*[a-z]I[dD]', name)) -%}
        {{ return('category') }}
    {%- elif family in ['number', 'time'] -%}
        {{ return('number') }}
    {%- endif -%}
    {{ return('none') }}
{% endmacro %}
