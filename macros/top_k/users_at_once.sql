{% macro users_at_once() %}
    {#- How many users make one block of a function that gets the catalogue with each block, over the rows of its items. -#}
    greatest(count(*), 16384)
{%- endmacro %}
