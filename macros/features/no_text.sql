{% macro no_text() %}
    {#- The codes that text_buckets gives for a text without words. -#}
    cast([1] as integer[])
{%- endmacro %}
