{% macro shard_of(user_id) %}
    {#- SQL: number of the shard of a user, by md5, since DuckDB's own hash may change with its version. A user without an id is in the first, where
        checks see it. -#}
    coalesce(cast(('0x' || left(md5(cast({{ user_id }} as varchar)), 8)) as bigint) % {{ var('two_tower_shards') }}, 0)
{%- endmacro %}
