{% macro package_quantity(column) %}
    {{- return("try_cast(regexp_extract(" ~ column ~ ", '^[P ]*([0-9]*[.]?[0-9]+) *[A-Z]+( [A-Z]+)*$', 1) as double)") -}}
{% endmacro %}
