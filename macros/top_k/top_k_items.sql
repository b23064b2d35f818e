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
                order by {% if within %}{{ within }}, {% endif %}{{ two_tower.stable_hash(['item_id']) }}, item_id
            ) as position
        from {{ items }}
        where embedding is not null
    ),

    top_k_catalogues as (
        select
            {%- if pins %}
            list(top_k_items.kinds order by top_k_items.position) as kinds,
            {%- endif %}
            list(struct_pack(
                embedding := offered.embedding, "position" := cast(top_k_items.position as integer)
            )) as items
        from {{ items }} as offered
        inner join top_k_items on offered.item_id = top_k_items.item_id
    ),
    {%- if within %}

    top_k_groups as (
        select list(size order by {{ within }}) as sizes
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
            cast(row_number() over (order by adjustments.segment) as integer) as number
        from {{ adjustments }} as adjustments
        inner join top_k_items on adjustments.item_id = top_k_items.item_id
        group by adjustments.segment
    ),

    top_k_adjustments as (
        select
            coalesce(
                list(amounts order by number),
                cast([] as struct(position integer, amount float)[][])
            ) as adjustments
        from top_k_segments
    ),
    {%- endif %}
{%- endmacro %}
