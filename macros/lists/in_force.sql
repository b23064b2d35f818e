{% macro in_force(from, until, now) %}
    {#- Whether a row with a first and an end moment counts now: from inclusive, until exclusive, NULL = open. -#}
    (coalesce({{ from }} <= {{ now }}, true) and coalesce({{ now }} < {{ until }}, true))
{%- endmacro %}
