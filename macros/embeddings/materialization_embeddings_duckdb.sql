{% materialization embeddings, adapter='duckdb' %}
    {#- A table of embeddings. The model selects any columns and `content`: texts, or pictures as BLOB or path. The table has those
        columns but content_hash, encoder, embedding and problem in place of `content`. Only what is new or changed is encoded,
        in batches that stay when the run is killed. Setting `encoder`: a folder, see python_udfs/encoders/folders.py. -#}
    {%- if flags.EMPTY or invocation_args_dict.get('sample') -%}
        {%- do two_tower.input_error(
            '--empty or --sample', 'would lose the embeddings of ' ~ this.identifier ~ '.', 'leave the model out.'
        ) -%}
    {%- endif -%}
    {%- set target = this.incorporate(type='table') -%}
    {%- set news = this.incorporate(path={'identifier': this.identifier ~ '__new_contents'}) -%}
    {%- set rows = this.incorporate(path={'identifier': this.identifier ~ '__rows'}) -%}
    {%- set found = load_cached_relation(this) -%}
    {%- set existing = found if found and found.is_table and not should_full_refresh() -%}
    {%- set encoder = two_tower.opened_encoder(config.require('encoder')) -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- if pre_hooks | selectattr('transaction') | list -%}{%- do adapter.commit() -%}{%- endif -%}
    {#- read once: pictures and other tables may change while the encoder is at work -#}
    {%- do run_query('create or replace table ' ~ rows ~ ' as ' ~ two_tower.hashed_contents(sql, encoder.reads)) -%}
    {%- set contents = 'select * from ' ~ rows -%}
    {%- set is_up_to_date = two_tower.embeddings_up_to_date(existing, contents, encoder) -%}
    {%- if not is_up_to_date -%}
        {%- set known = two_tower.encode_new_contents(contents, existing, news, encoder) -%}
    {%- endif -%}
    {% if found and not found.is_table %}
        {% call statement('view') %}drop view {{ found }}{% endcall %}
    {% endif %}
    {% call statement('main') %}
        {% if is_up_to_date -%}
        select 'up to date'
        {%- else -%}
        create or replace table {{ target }} as
        with
        contents as ({{ contents }}),
        known as ({{ known }})
        select
            contents.* exclude (content),
            {{ two_tower.literal(encoder.version) }} as encoder,
            cast(known.embedding as float[{{ encoder.dimension }}]) as embedding,
            case when contents.content is null then 'missing' else known.problem end as problem
        from contents
        left join known on contents.content_hash = known.content_hash
        {%- endif %}
    {% endcall %}
    {% call statement('problems') %}
        create or replace view {{ this.incorporate(path={'identifier': this.identifier ~ '_problems'}) }} as
        select * exclude (embedding) from {{ two_tower.unqualified(this) }} where problem is not null
    {% endcall %}
    {%- do persist_docs(target, model) -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {%- do run_query('drop table if exists ' ~ news) -%}
    {%- do run_query('drop table ' ~ rows) -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}
