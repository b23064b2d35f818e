{% macro encode_new_contents(contents, existing, news, encoder) %}
    {#- Encodes what is in neither the table `existing` nor the table `news`, and adds it to the latter. Each batch is committed, so
        that a killed run goes on from there. Returns the select of all that is known then. -#}
    {%- set waiting = news.incorporate(path={'identifier': news.identifier ~ '_waiting'}) -%}
    {%- set size = 2048 if encoder.reads == 'text' else 256 -%}
    {%- do run_query('drop table if exists ' ~ news) if should_full_refresh() -%}
    {%- do run_query(
        'create table if not exists ' ~ news ~ ' (content_hash varchar, encoder varchar, embedding float[], problem varchar)'
    ) -%}
    {%- set known = two_tower.known_embeddings([existing, news], encoder) -%}
    {%- set gather -%}
        create or replace table {{ waiting }} as
        select
            content_hash,
            any_value(content) as content,
            {#- texts of like length together, so that little is padded #}
            (row_number() over (
                order by {{ 'length(any_value(content)) desc,' if encoder.reads == 'text' }} content_hash asc
            ) - 1) // {{ size }} as batch
        from ({{ contents }})
        anti join ({{ known }}) as known using (content_hash)
        where content_hash is not null
        group by content_hash
    {%- endset -%}
    {%- do run_query(gather) -%}
    {%- set total = run_query('select count(*) from ' ~ waiting).rows[0][0] | int -%}
    {%- set problem = "'no words'" if encoder.reads == 'text' else 'picture_problem(content' ~ two_tower.pictures_root(encoder.reads) ~ ')' -%}
    {%- for batch in range((total + size - 1) // size) -%}
        {%- set encode -%}
            insert into {{ news }}
            select
                content_hash,
                {{ two_tower.literal(encoder.version) }} as encoder,
                embedding,
                case when embedding is null then coalesce({{ problem }}, 'the encoder gives no numbers') end as problem
            from (
                select
                    content_hash,
                    content,
                    embed_{{ encoder.reads }}(
                        {{ two_tower.literal(encoder.folder) }}, content{{ two_tower.pictures_root(encoder.reads) }}
                    ) as embedding
                from {{ waiting }}
                where batch = {{ batch }}
            )
        {%- endset -%}
        {%- do run_query(encode) -%}
        {%- do log(
            this.identifier ~ ': ' ~ [(batch + 1) * size, total] | min ~ ' of ' ~ total ~ ' new contents encoded', info=true
        ) -%}
    {%- endfor -%}
    {%- do run_query('drop table ' ~ waiting) -%}
    {{ return(known) }}
{% endmacro %}
