{% macro finite(column, most=none) %}
    {#- A number as a double; NaN and infinity, which some writers of files use for a missing one, are NULL. So is what is beyond `most`,
        where numbers are added up: sums of the largest doubles are infinite. -#}
    case when {{ two_tower.is_number(column, most) }} then try_cast({{ column }} as double) end
{%- endmacro %}


{% macro is_number(column, most=none) %}
    {#- Whether a value is a number that counts, see finite. -#}
    {%- set value = 'try_cast(' ~ column ~ ' as double)' -%}
    {{ return('isfinite(' ~ value ~ ')' if most is none else 'abs(' ~ value ~ ') <= ' ~ most) }}
{% endmacro %}
