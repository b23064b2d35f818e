{% macro days_of_time(moment) %}
    {#- Days since the year 0: networks read numbers on a logarithmic scale, which is nearly linear there. -#}
    epoch({{ moment }}) / 86400.0 + 719528
{%- endmacro %}
