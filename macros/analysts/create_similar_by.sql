{% macro create_similar_by(reads, key, name=none) %}
    {#- Post-hook of a model of embeddings: similar_by_text(for_key, k) or similar_by_image(for_key, k), the rows whose content is
        most like that of one row. reads: text or image; key: the model's column that says which row is meant;
        name: another name of the macro, where several models of a schema have one. -#}
    create or replace macro {{ two_tower.unqualified(this).include(identifier=false) }}.{{ name or 'similar_by_' ~ reads }}(for_key, k := 10) as table
    with

    vectors as (
        select {{ key }} as key, embedding from {{ two_tower.unqualified(this) }} where embedding is not null
    ),

    ranked as (
        select
            others.key as similar_key,
            cast(array_cosine_similarity(vectors.embedding, others.embedding) as double) as similarity
        from vectors
        inner join vectors as others on vectors.key != others.key
        where cast(vectors.key as varchar) = cast(for_key as varchar)
    )

    select
        row_number() over (order by similarity desc, {{ two_tower.stable_hash(['similar_key']) }} asc) as rank,
        similar_key as similar_{{ key }},
        similarity
    from ranked
    qualify rank <= k
    order by rank asc
{%- endmacro %}
