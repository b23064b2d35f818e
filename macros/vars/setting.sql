{% macro setting(name) %}
    {#- A var of this package, for SQL that an inline query of the root project calls, too: dbt shows that one neither what stands
        under `two_tower:` in the project's vars nor the package's own defaults. -#}
    {%- set value = var(name, none) -%}
    {%- if value is none and execute -%}
        {%- set value = ((two_tower.root_project().get('vars') or {}).get('two_tower') or {}).get(name) -%}
    {%- endif -%}
    {{ return(two_tower.known_vars()[name].default if value is none else value) }}
{% endmacro %}
