{% macro finite(column) %}
    {#- A number as a double; NaN and infinity, which some writers of files use for a missing one, are NULL. -#}
    case when isfinite(try_cast({{ column }} as double)) then try_cast({{ column }} as double) end
{%- endmacro %}
