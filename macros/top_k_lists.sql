{% macro top_k_lists(users, items, k, exclusions=none) %}
    {#- Select of the k items with the largest dot product for each user: user_id, rank, item_id, score. -#}
    with

    top_k_items as (
        select
            item_id,
            embedding,
            -- decides between items with the same score
            row_number() over (order by {{ two_tower.stable_hash(['item_id']) }}, item_id) as position
        from {{ items }}
        where embedding is not null
    ),

    top_k_catalogues as (
        select list(embedding order by position) as items from top_k_items
    ),

    top_k_block_sizes as (
        -- each block of users gets a copy of the catalogue, so it should not be much smaller than that
        select greatest(count(*), 16384) as block_size from top_k_items
    ),
    {%- if exclusions %}

    top_k_exclusions as (
        select
            exclusions.user_id,
            list(cast(top_k_items.position as integer)) as excluded
        from {{ exclusions }} as exclusions
        inner join top_k_items on exclusions.item_id = top_k_items.item_id
        group by exclusions.user_id
    ),
    {%- endif %}

    top_k_users as (
        select
            users.user_id,
            users.embedding,
            {%- if exclusions %}
            top_k_exclusions.excluded,
            {%- endif %}
            row_number() over (order by users.user_id) - 1 as place
        from {{ users }} as users
        {%- if exclusions %}
        left join top_k_exclusions on users.user_id = top_k_exclusions.user_id
        {%- endif %}
        where users.embedding is not null
    ),

    top_k_blocks as (
        select list(top_k_users order by top_k_users.place) as users
        from top_k_users
        cross join top_k_block_sizes
        group by top_k_users.place // top_k_block_sizes.block_size
    ),

    top_k_found as (
        select
            unnest(top_k_blocks.users).user_id as user_id,
            unnest(top_k(top_k_blocks.users, top_k_catalogues.items, {{ k }})) as found
        from top_k_blocks
        cross join top_k_catalogues
    ),

    top_k_ranked as (
        select
            user_id,
            unnest(found) as place,
            generate_subscripts(found, 1) as rank
        from top_k_found
    )

    select
        top_k_ranked.user_id,
        cast(top_k_ranked.rank as integer) as rank,
        top_k_items.item_id,
        cast(top_k_ranked.place.score as double) as score
    from top_k_ranked
    inner join top_k_items on top_k_ranked.place.position = top_k_items.position
{%- endmacro %}
