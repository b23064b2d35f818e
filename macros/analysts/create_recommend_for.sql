{% macro create_recommend_for() %}
    {#- recommend_for(for_user, k): the published list, then what comes next by the score alone; the popular items for strangers. -#}
    {#- Not in a clone, which may lack the tables that it reads. -#}
    {%- if flags.WHICH != 'clone' %}
    create or replace macro {{ two_tower.without_database(this).include(identifier=false) }}.recommend_for(for_user, k := 10) as table
    with

    published as (
        select lists.*
        from {{ two_tower.for_analysts('recommendations') }} as lists
        where lists.user_id = cast(for_user as varchar)
    ),

    visitor as (
        select
            coalesce(max(vectors.segment), 'all') as segment,
            coalesce(max(vectors.source), 'popularity') as source,
            any_value(vectors.embedding) as embedding
        from {{ two_tower.for_analysts('user_vectors') }} as vectors
        where vectors.user_id = cast(for_user as varchar)
    ),

    others as (
        select
            items.item_id,
            coalesce(array_inner_product(visitor.embedding, items.embedding), -items.popularity_rank) as score,
            visitor.source
        from {{ two_tower.for_analysts('item_vectors') }} as items
        cross join visitor
        anti join published on items.item_id = published.item_id
        anti join {{ two_tower.for_analysts('unavailable_items') }} as unavailable
            on items.item_id = unavailable.item_id and visitor.segment = unavailable.segment
        anti join {{ two_tower.for_analysts('excluded_items') }} as excluded
            on items.item_id = excluded.item_id and excluded.user_id = cast(for_user as varchar)
    ),

    lists as (
        select
            published.rank,
            published.item_id,
            published.score,
            published.applied_rules,
            published.reasons,
            published.source
        from published
        union all
        select
            row_number() over (order by others.score desc, {{ two_tower.stable_hash(['others.item_id']) }} asc)
            + (select count(*) from published) as rank,
            others.item_id,
            others.score,
            [] as applied_rules,
            null as reasons,
            others.source
        from others
    )

    select * from lists
    where lists.rank <= k
    order by lists.rank asc
    {%- endif %}
{%- endmacro %}
