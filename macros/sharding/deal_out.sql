{% macro deal_out(relation, kind) %}
    {#- Writes a table for the shards, by user or whole; its folder. Two models that do so at once write two. -#}
    {%- set folder = two_tower.shard_folder(relation.schema, relation.identifier ~ '-for-' ~ this.identifier) -%}
    {%- if kind == 'dealt' -%}
        {%- do run_query(
            'copy (select *, ' ~ two_tower.shard_of('user_id') ~ ' as two_tower_shard from ' ~ relation ~ ') to ' ~ two_tower.literal(folder)
            ~ ' (format parquet, partition_by (two_tower_shard), overwrite_or_ignore true)'
        ) -%}
    {%- else -%}
        {%- do run_query('copy (from ' ~ relation ~ ') to ' ~ two_tower.literal(folder ~ '/whole.parquet') ~ ' (format parquet)') -%}
    {%- endif -%}
    {{ return(folder) }}
{% endmacro %}
