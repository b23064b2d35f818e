{% macro create_rank_items_for() %}
    {#- rank_items_for(for_user, items): these items in the order that suits a user, such as the hits of a search. Candidates of the user go by
        the ranker's chance and its worth, the others after them by the towers, and without a history by popularity. What must not be shown is left out. -#}
    {#- Not in a clone, which may lack the tables that it reads. -#}
    {%- if flags.WHICH != 'clone' %}
    create or replace macro {{ two_tower.unqualified(this).include(identifier=false) }}.rank_items_for(for_user, items) as table
    with

    given as (
        select distinct listed.item_id
        from (select cast(unnest(items) as varchar) as item_id) as listed
    ),

    segments as (
        select coalesce(max(users.segment), 'all') as segment
        from {{ two_tower.stored_reference('user_segments') }} as users
        where users.user_id = cast(for_user as varchar)
    ),

    vectors as (
        select users.embedding
        from {{ two_tower.stored_reference('user_embeddings') }} as users
        where users.user_id = cast(for_user as varchar) and users.stage = 'production' and users.source = 'history'
    ),

    scored as (
        select
            given.item_id,
            ranked.score,
            ranked.worth,
            array_inner_product(vectors.embedding, embeddings.embedding) as tower_score,
            features.recent_users
        from given
        inner join {{ two_tower.stored_reference('item_embeddings') }} as embeddings
            on given.item_id = embeddings.item_id and embeddings.stage = 'production'
        inner join {{ two_tower.stored_reference('item_features') }} as features
            on given.item_id = features.item_id and features.cutoff = 0
        cross join segments
        left join vectors on true
        left join {{ two_tower.stored_reference('ranked_candidates') }} as ranked
            on given.item_id = ranked.item_id and ranked.user_id = cast(for_user as varchar)
        anti join {{ two_tower.unavailable_items(is_for_analysts=true) }} as unavailable
            on given.item_id = unavailable.item_id and segments.segment = unavailable.segment
        anti join {{ two_tower.stored_reference('excluded_items') }} as excluded
            on given.item_id = excluded.item_id and excluded.user_id = cast(for_user as varchar)
    )

    select
        row_number() over (
            order by
                scored.worth desc nulls last, scored.tower_score desc nulls last, scored.recent_users desc,
                {{ two_tower.stable_hash(['scored.item_id']) }} asc
        ) as rank,
        scored.item_id,
        {{ two_tower.label_of('scored.item_id', is_for_analysts=true) }},
        scored.score
    from scored
    order by rank asc
    {%- endif %}
{%- endmacro %}
