{% macro create_similar_to() %}
    {#- similar_to(for_item, k): the items of similar_items that are nearest to any item, also one that has no list there. -#}
    {#- Not in a clone, which may lack the tables that it reads. -#}
    {%- if flags.WHICH != 'clone' %}
    create or replace macro {{ two_tower.unqualified(this).include(identifier=false) }}.similar_to(for_item, k := 10) as table
    with

    vectors as (
        select
            embeddings.item_id,
            embeddings.embedding
        from {{ two_tower.stored_reference('item_embeddings') }} as embeddings
        where embeddings.stage = 'production'
    ),

    offers as (
        select distinct lists.item_id from {{ two_tower.stored_reference('similar_items') }} as lists
        anti join {{ two_tower.unavailable_items(is_for_analysts=true) }} as unavailable
            on lists.item_id = unavailable.item_id and unavailable.segment = 'all'
    ),

    ranked as (
        select
            others.item_id as similar_item_id,
            cast(array_cosine_similarity(vectors.embedding, others.embedding) as double) as similarity
        from vectors
        inner join vectors as others on vectors.item_id != others.item_id
        semi join offers on others.item_id = offers.item_id
        where vectors.item_id = cast(for_item as varchar)
    )

    select
        row_number() over (
            order by ranked.similarity desc, {{ two_tower.stable_hash(['ranked.similar_item_id']) }} asc
        ) as rank,
        ranked.similar_item_id,
        ranked.similarity
    from ranked
    qualify rank <= k
    order by rank asc
    {%- endif %}
{%- endmacro %}
