{% macro top_k_lists(users, items, k, exclusions=none, adjustments=none, within=none, pins=none, caps=[], approximate=none) %}
    {#- Select of the k items with the largest dot product for each user: user_id, rank, item_id, score. The statements around
        the functions of python_udfs/top_k/functions.py; what is not given costs nothing. -#}
    {%- set approximate = two_tower.setting('two_tower_top_k') == 'approximate' if approximate is none else approximate %}
    with

    {{ two_tower.top_k_items(items, within, pins, adjustments) }}

    {{ two_tower.top_k_users(users, exclusions, adjustments, pins) }}

    top_k_found as (
        select
            unnest(top_k_blocks.users).user_id as user_id,
            unnest({{ two_tower.top_k_call(k, within, pins, caps, adjustments, approximate) }}) as found
        from top_k_blocks
        cross join top_k_catalogues
        {%- if adjustments %}
        cross join top_k_adjustments
        {%- endif %}
        {%- if within %}
        cross join top_k_groups
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
        {%- if within %}
        top_k_items.{{ within }},
        cast(row_number() over (
            partition by top_k_ranked.user_id, top_k_items.{{ within }}
            order by top_k_ranked.rank asc
        ) as integer) as rank,
        {%- else %}
        cast(top_k_ranked.rank as integer) as rank,
        {%- endif %}
        top_k_items.item_id,
        cast(top_k_ranked.place.score as double) as score
    from top_k_ranked
    inner join top_k_items on top_k_ranked.place.position = top_k_items.position
{%- endmacro %}


{% macro top_k_items(items, within, pins, adjustments) %}
    {#- CTEs of top_k_lists: the positions of the items in the order that decides ties, and all items as one row. Sorting
        the embeddings, too, would take longer than the function, which puts them in order. -#}
    top_k_items as (
        select
            item_id,
            {%- if within or pins %}
            {{ within or 'kinds' }},
            {%- endif %}
            -- decides between items with the same score
            row_number() over (
                order by {% if within %}{{ within }} asc, {% endif %}{{ two_tower.stable_hash(['item_id']) }} asc, item_id asc
            ) as position
        from {{ items }}
        where embedding is not null
    ),

    top_k_catalogues as (
        select
            {%- if pins %}
            list(top_k_items.kinds order by top_k_items.position asc) as kinds,
            {%- endif %}
            list(struct_pack(
                embedding := offered.embedding, "position" := cast(top_k_items.position as integer)
            )) as items
        from {{ items }} as offered
        inner join top_k_items on offered.item_id = top_k_items.item_id
    ),
    {%- if within %}

    top_k_groups as (
        select list(size order by {{ within }} asc) as sizes
        from (
            select
                {{ within }},
                cast(count(*) as integer) as size
            from top_k_items
            group by {{ within }}
        )
    ),
    {%- endif %}
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
{%- endmacro %}


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
            row_number() over (order by users.user_id asc) - 1 as place
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
        select list(top_k_users order by top_k_users.place asc) as users
        from top_k_users
        cross join top_k_block_sizes
        group by top_k_users.place // top_k_block_sizes.block_size
    ),
{%- endmacro %}


{% macro top_k_call(k, within, pins, caps, adjustments, approximate) %}
    {#- The call of the function that top_k_lists needs. -#}
    {%- set both = 'top_k_blocks.users, top_k_catalogues.items, ' ~ k -%}
    {%- set top_k = 'top_k_approximate' if approximate else 'top_k' -%}
    {%- if pins -%}
                top_k_arranged(
                    {{ both }}, top_k_adjustments.adjustments, top_k_catalogues.kinds, cast({{ caps }} as integer[])
                )
    {%- elif within -%}
                {{ top_k }}_within({{ both }}, top_k_adjustments.adjustments, top_k_groups.sizes)
    {%- elif adjustments -%}
                {{ top_k }}({{ both }}, top_k_adjustments.adjustments)
    {%- else -%}
                {{ top_k }}({{ both }})
    {%- endif -%}
{%- endmacro %}
