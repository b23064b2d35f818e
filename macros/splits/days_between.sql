{% macro days_between(earlier, later) %}
    {#- Days from one timestamp to another, with the fraction of the day. -#}
    (epoch({{ later }}) - epoch({{ earlier }})) / 86400.0
{%- endmacro %}
