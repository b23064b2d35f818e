{% macro by_user() %}
    {#- How a model whose grain has a user is made: a table, or by shards of users where var two_tower_shards says so. -#}
    {%- set shards = var('two_tower_shards') -%}
    {{ return('by_user' if shards is integer and shards > 0 else 'table') }}
{% endmacro %}
