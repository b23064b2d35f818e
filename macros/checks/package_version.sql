{% macro package_version() %}
    {#- Version of this dbt package, the same as in dbt_project.yml and pyproject.toml (a test compares them). -#}
    {{ return('0.1.0') }}
{% endmacro %}
