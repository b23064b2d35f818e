{% macro create_recommend_for() %}
    {#- recommend_for(for_user, k): the published list, then what comes next in the order of the ranker; the popular items without a history. -#}
    {#- Not in a clone, which may lack the tables that it reads. -#}
    {%- if flags.WHICH != 'clone' %}
    create or replace macro {{ two_tower.unqualified(this).include(identifier=false) }}.recommend_for(for_user, k := 10) as table
    with

    published as (
        select lists.*
        from {{ two_tower.stored_reference('recommendations') }} as lists
        where lists.user_id = cast(for_user as varchar)
    ),

    others as (
        select
            ranked.item_id,
            ranked.score,
            ranked.source,
            ranked.rank
        from {{ two_tower.stored_reference('ranked_candidates') }} as ranked
        anti join published on ranked.item_id = published.item_id
        where ranked.user_id = cast(for_user as varchar) and ranked.rank <= {{ var('two_tower_rank_depth') }}
        union all
        select
            popular.item_id,
            cast(null as double),
            'popularity',
            popular.rank
        from {{ two_tower.stored_reference('popular_items') }} as popular
        where
            popular.segment = 'all'
            and not exists (
                select 1 from {{ two_tower.stored_reference('user_segments') }} as known
                where known.user_id = cast(for_user as varchar)
            )
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
            row_number() over (order by others.rank asc) + (select count(*) from published) as rank,
            others.item_id,
            others.score,
            [] as applied_rules,
            null as reasons,
            others.source
        from others
    )

    select
        lists.rank,
        lists.item_id,
        {{ two_tower.label_of('lists.item_id', is_for_analysts=true) }},
        lists.score,
        lists.applied_rules,
        lists.reasons,
        lists.source
    from lists
    where lists.rank <= k
    order by lists.rank asc
    {%- endif %}
{%- endmacro %}
