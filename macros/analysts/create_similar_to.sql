{% macro create_similar_to() %}
    {#- similar_to(for_item, k, kind): the items most like any item, also one that nobody has had. kind: any, same (what can replace it)
        or other (what may go with it). -#}
    {#- Not in a clone, which may lack the tables that it reads. -#}
    {%- if flags.WHICH != 'clone' %}
    create or replace macro {{ two_tower.unqualified(this).include(identifier=false) }}.similar_to(for_item, k := 10, kind := 'any') as table
    with

    seekers as (
        select cast(for_item as varchar) as item_id
    ),

    offers as (
        select
            features.item_id,
            features.recent_users
        from {{ two_tower.stored_reference('item_features') }} as features
        inner join (select distinct lists.item_id from {{ two_tower.stored_reference('similar_items') }} as lists) as listed
            on features.item_id = listed.item_id
        anti join {{ two_tower.unavailable_items(is_for_analysts=true) }} as unavailable
            on features.item_id = unavailable.item_id and unavailable.segment = 'all'
        where features.cutoff = 0
    ),

    neighbours as (
        select neighbours.* from {{ two_tower.stored_reference('item_neighbours') }} as neighbours
        where neighbours.stage = 'production'
    ),

    scored as (
        {{ two_tower.likeness('seekers', 'offers', two_tower.stored_reference('item_traits'), 'neighbours') }}
    )

    select
        row_number() over (
            order by scored.similarity desc, {{ two_tower.stable_hash(['scored.similar_item_id']) }} asc
        ) as rank,
        scored.similar_item_id,
        {{ two_tower.label_of('scored.similar_item_id', is_for_analysts=true) }},
        scored.similarity
    from scored
    inner join {{ two_tower.stored_reference('item_categories') }} as ones on scored.item_id = ones.item_id
    inner join {{ two_tower.stored_reference('item_categories') }} as others on scored.similar_item_id = others.item_id
    where kind = 'any' or (kind = 'same') = (ones.kind = others.kind)
    qualify rank <= k
    order by rank asc
    {%- endif %}
{%- endmacro %}
