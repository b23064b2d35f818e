{% macro create_audience_for() %}
    {#- audience_for(for_item, k): the users whom an item suits best, also an item without a list in item_audiences. Users
        whose candidate it is go first, by the ranker's chance; the others by the towers, without a score. -#}
    {#- Not in a clone, which may lack the tables that it reads. -#}
    {%- if flags.WHICH != 'clone' %}
    create or replace macro {{ two_tower.unqualified(this).include(identifier=false) }}.audience_for(for_item, k := 100) as table
    with

    ranked as (
        select
            users.user_id,
            candidates.score,
            array_inner_product(users.embedding, items.embedding) as tower_score
        from {{ two_tower.stored_reference('item_embeddings') }} as items
        inner join {{ two_tower.stored_reference('user_embeddings') }} as users
            on items.stage = users.stage and users.source = 'history'
        inner join {{ two_tower.stored_reference('user_segments') }} as segments on users.user_id = segments.user_id
        anti join {{ two_tower.unavailable_items(is_for_analysts=true) }} as unavailable
            on items.item_id = unavailable.item_id and segments.segment = unavailable.segment
        anti join {{ two_tower.stored_reference('excluded_items') }} as excluded
            on items.item_id = excluded.item_id and users.user_id = excluded.user_id
        left join {{ two_tower.stored_reference('ranked_candidates') }} as candidates
            on items.item_id = candidates.item_id and users.user_id = candidates.user_id
        where items.item_id = cast(for_item as varchar) and items.stage = 'production'
    )

    select
        row_number() over (order by ranked.score desc nulls last, ranked.tower_score desc, {{ two_tower.stable_hash(['ranked.user_id']) }} asc) as rank,
        ranked.user_id,
        {{ two_tower.label_of('ranked.user_id', is_for_analysts=true) }},
        ranked.score
    from ranked
    qualify rank <= k
    order by rank asc
    {%- endif %}
{%- endmacro %}
