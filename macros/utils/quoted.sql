{% macro quoted(name) %}
    {#- An identifier as SQL; a quote in it is doubled, which `adapter.quote` does not do. -#}
    {{ return('"' ~ name | string | replace('"', '""') ~ '"') }}
{% endmacro %}
