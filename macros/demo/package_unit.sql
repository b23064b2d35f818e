{% macro package_unit(column) %}
    {{- return(
        "nullif(regexp_extract(" ~ column ~ ", '^[P ]*[0-9]*[.]?[0-9]+ *([A-Z]+( [A-Z]+)*)$', 1), '')"
    ) -}}
{% endmacro %}
