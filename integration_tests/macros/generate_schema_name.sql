{% macro generate_schema_name(custom_schema_name, node) %}
    {#- The shop's own rule for schemas. -#}
    {{ target.schema ~ '__' ~ custom_schema_name if custom_schema_name else target.schema }}
{% endmacro %}
