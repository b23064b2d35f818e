{% macro popular_lists(users, popular_items, k, exclusions) %}
    {#- Select of the k most popular items that each user may get: user_id, rank, item_id, score. -#}
    with

    popular_depths as (
        -- no user needs more than the first k items besides the excluded ones
        select
            users.user_id,
            count(exclusions.item_id) + {{ k }} as depth
        from {{ users }} as users
        left join {{ exclusions }} as exclusions on users.user_id = exclusions.user_id
        group by users.user_id
    ),

    popular_allowed as (
        select
            popular_depths.user_id,
            popular_items.item_id,
            popular_items.score,
            row_number() over (partition by popular_depths.user_id order by popular_items.position asc) as rank
        from popular_depths
        inner join {{ popular_items }} as popular_items on popular_depths.depth >= popular_items.position
        anti join {{ exclusions }} as exclusions
            on
                popular_depths.user_id = exclusions.user_id
                and popular_items.item_id = exclusions.item_id
    )

    select
        user_id,
        cast(rank as integer) as rank,
        item_id,
        score
    from popular_allowed
    where rank <= {{ k }}
{%- endmacro %}
