{% macro mean(value, condition='true') %}
    {#- Aggregate: the mean of fractions where a condition holds, the same to the bit in whichever order threads add them up. -#}
    avg(cast({{ value }} as decimal(38, 18))){% if condition != 'true' %} filter (where {{ condition }}){% endif %}
{%- endmacro %}
