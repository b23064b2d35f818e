{% macro exact_sum(value) %}
    {#- Aggregate: the sum of fractions, the same to the bit in whichever order threads add them up: of 18 decimals each. -#}
    cast(sum(cast({{ value }} as decimal(38, 18))) as double)
{%- endmacro %}
