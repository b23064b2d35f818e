{% macro low_rating() %}
    {#- The type of an event whose rating is below var two_tower_least_rating, whatever the shop calls it. -#}
    {{ return('low_rating') }}
{%- endmacro %}
