{% macro top_k_users(users, exclusions, adjustments, pins) %}
    {#- CTEs of top_k_lists: the users with all that is meant for them, in blocks. -#}
    top_k_block_sizes as (
        select {{ two_tower.users_at_once() }} as block_size from top_k_items
    ),
    {%- if pins %}

    top_k_pins as (
        select
            pins.user_id,
            list(struct_pack(
                "position" := cast(top_k_items.position as integer), place := cast(pins.place as integer)
            )) as pins
        from {{ pins }} as pins
        inner join top_k_items on pins.item_id = top_k_items.item_id
        group by pins.user_id
    ),
    {%- endif %}
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
            {%- if pins %}
            users.scale,
            top_k_pins.pins,
            {%- endif %}
            row_number() over (order by users.user_id) - 1 as place
        from {{ users }} as users
        {%- if adjustments %}
        left join top_k_segments on users.segment = top_k_segments.segment
        {%- endif %}
        {%- if pins %}
        left join top_k_pins on users.user_id = top_k_pins.user_id
        {%- endif %}
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
{%- endmacro %}
