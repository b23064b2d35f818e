{% macro drop_shards(root, invocation='') %}
    {#- Names of the folders of shards' files that no view of this warehouse reads, and that are deleted but for those of an invocation. -#}
    {%- set views = "(select coalesce(string_agg(sql, '\n'), '') from duckdb_views() where not internal and database_name = current_database())" -%}
    {{ return(fromjson(run_query(
        'select two_tower_drop_shards(' ~ two_tower.literal(root) ~ ', ' ~ two_tower.literal(invocation) ~ ', ' ~ views ~ ')'
    ).rows[0][0])) }}
{% endmacro %}
