{% macro top_k_lists(users, items, k, exclusions=none, adjustments=none, approximate=none) %}
    {#- Select of the k items with the largest dot product for each user: user_id, rank, item_id, score. The statement around
        the function of python_udfs/top_k; what is not given costs nothing. -#}
    {%- set approximate = two_tower.setting('two_tower_top_k') == 'approximate' if approximate is none else approximate %}
    with

    -- positions in the order that decides ties. Sorting the embeddings, too, would take longer than the function
    top_k_items as (
        select
            item_id,
            row_number() over (order by {{ two_tower.stable_hash(['item_id']) }} asc, item_id asc) as position
        from {{ items }}
        where embedding is not null
    ),

    top_k_catalogues as (
        select
            list(struct_pack(
                embedding := offered.embedding, "position" := cast(top_k_items.position as integer)
            )) as items
        from {{ items }} as offered
        inner join top_k_items on offered.item_id = top_k_items.item_id
    ),
    {%- if adjustments %}

    top_k_segments as (
        select
            adjustments.segment,
            -- in quotes, because DuckDB 1.5 takes position for its function
            list(struct_pack(
                "position" := cast(top_k_items.position as integer), amount := cast(adjustments.amount as float)
            )) as amounts,
            cast(row_number() over (order by adjustments.segment asc) as integer) as number
        from {{ adjustments }} as adjustments
        inner join top_k_items on adjustments.item_id = top_k_items.item_id
        group by adjustments.segment
    ),

    top_k_adjustments as (
        select
            coalesce(
                list(amounts order by number asc),
                cast([] as struct(position integer, amount float)[][])
            ) as adjustments
        from top_k_segments
    ),
    {%- endif %}

    top_k_block_sizes as (
        select {{ two_tower.users_at_once() }} as block_size from top_k_items
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
            {%- if adjustments %}
            top_k_segments.number as segment,
            {%- endif %}
            row_number() over (order by users.user_id asc) - 1 as place
        from {{ users }} as users
        {%- if adjustments %}
        left join top_k_segments on users.segment = top_k_segments.segment
        {%- endif %}
        {%- if exclusions %}
        left join top_k_exclusions on users.user_id = top_k_exclusions.user_id
        {%- endif %}
        where users.embedding is not null
    ),

    top_k_blocks as (
        select list(top_k_users order by top_k_users.place asc) as users
        from top_k_users
        cross join top_k_block_sizes
        group by top_k_users.place // top_k_block_sizes.block_size
    ),

    top_k_found as (
        select
            unnest(top_k_blocks.users).user_id as user_id,
            unnest({{ 'top_k_approximate' if approximate else 'top_k' }}(
                top_k_blocks.users, top_k_catalogues.items, {{ k }}{{ ', top_k_adjustments.adjustments' if adjustments }}
            )) as found
        from top_k_blocks
        cross join top_k_catalogues
        {%- if adjustments %}
        cross join top_k_adjustments
        {%- endif %}
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
