{% materialization embeddings, adapter='duckdb' %}
    {#- A table of embeddings. The model selects any columns and `content`: texts, or pictures as BLOB or path. The table has those
        columns but content_hash, encoder, embedding and problem in place of `content`. Only what is new or changed is encoded,
        in batches that stay when the run is killed. Setting `encoder`: a folder, see python_udfs/encoders.py. -#}
    {%- if flags.EMPTY or invocation_args_dict.get('sample') -%}
        {%- do two_tower.input_error(
            '--empty or --sample', 'would lose the embeddings of ' ~ this.identifier ~ '.', 'leave the model out.'
        ) -%}
    {%- endif -%}
    {%- set target = this.incorporate(type='table') -%}
    {%- set news = this.incorporate(path={'identifier': this.identifier ~ '__news'}) -%}
    {%- set existing = none if should_full_refresh() else load_cached_relation(this) -%}
    {%- set encoder = two_tower.opened_encoder(config.require('encoder')) -%}
    {%- set contents = two_tower.hashed_contents(sql, encoder.reads) -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {%- set is_up_to_date = two_tower.embeddings_up_to_date(existing, contents, encoder) -%}
    {%- if not is_up_to_date -%}
        {%- set known = two_tower.encode_news(contents, existing, news, encoder) -%}
    {%- endif -%}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
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
            '{{ encoder.version }}' as encoder,
            cast(known.embedding as float[{{ encoder.dimension }}]) as embedding,
            case when contents.content is null then 'missing' else known.problem end as problem
        from contents
        left join known on contents.content_hash = known.content_hash
        {%- endif %}
    {% endcall %}
    {% call statement('problems') %}
        create or replace view {{ this.incorporate(path={'identifier': this.identifier ~ '_problems'}) }} as
        select * exclude (embedding) from {{ this.include(database=false) }} where problem is not null
    {% endcall %}
    {%- do persist_docs(target, model) -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {%- do run_query('drop table if exists ' ~ news) -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}
