{% macro stable_hash(columns, salt='') %}
    {#- md5 of the columns: an order that is the same on every run and engine and unrelated to the ids' own order. -#}
    md5(concat_ws('|', {{ columns | join(', ') }}, {{ two_tower.literal(salt | string) }}))
{%- endmacro %}
