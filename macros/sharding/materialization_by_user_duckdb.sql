{% materialization by_user, adapter='duckdb' %}
    {#- A view over one file per shard of users. The SQL of the model runs once per shard, where the plugin two_tower.python_udfs.shards says, and
        reads the rows of these users alone. Files are new, and the view is exchanged last: until then readers see the old ones. -#}
    {%- set target = this.incorporate(type='view') -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set shards = var('two_tower_shards') -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- set types, columns, not_null = {}, {}, [] -%}
    {%- for row in run_query('describe ' ~ sql).rows -%}
        {%- do types.update({row[0]: row[1]}) -%}
    {%- endfor -%}
    {%- if config.get('contract').enforced -%}
        {%- do get_assert_columns_equivalent(sql) -%}
    {%- endif -%}
    {%- for name in (model.columns if config.get('contract').enforced else types) -%}
        {%- do columns.update({name: types[name]}) -%}
        {%- for constraint in (model.columns[name].constraints if name in model.columns else []) if constraint.type == 'not_null' -%}
            {%- do not_null.append(name) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set settings = {} -%}
    {%- for row in run_query(
        "select name, value from duckdb_settings() where name in ('TimeZone', 'preserve_insertion_order', 'default_null_order', 'default_order')"
    ).rows -%}
        {%- do settings.update({row[0]: row[1]}) -%}
    {%- endfor -%}
    {%- set parents = two_tower.shard_parents(sql) -%}
    {%- set folder = two_tower.shard_folder(this.schema, this.identifier) -%}
    {%- do adapter.store_relation('shards', target, [], folder, 'parquet', {
        'sql': sql, 'shards': shards, 'columns': columns, 'not_null': not_null, 'parents': parents, 'settings': settings,
    }) -%}
    {%- if existing and not existing.is_view -%}
        {%- do drop_relation_if_exists(existing) -%}
    {%- endif -%}
    {% call statement('main') %}
        create or replace view {{ target }} as
        select
            {%- for name, type in columns.items() %}
            cast({{ two_tower.quoted(name) }} as {{ type }}) as {{ two_tower.quoted(name) }}{{ ',' if not loop.last }}
            {%- endfor %}
        from read_parquet([
            {%- for shard in range(shards) %}
            {{ two_tower.literal(folder ~ '/' ~ shard ~ '-of-' ~ shards ~ '.parquet') }}{{ ',' if not loop.last }}
            {%- endfor %}
        ], hive_partitioning = false)
    {% endcall %}
    {%- do persist_docs(target, model) -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}
