{% macro listed_reasons(lists) %}
    {#- Select of what the history gives to each listed score, and the history items that give most: user_id, item_id,
        history_score, reasons. -#}
    with

    weights as (
        select * from {{ ref('two_tower', 'history_attributions') }}
    ),

    listed as (
        select user_id, item_id
        from {{ lists }}
        where source = 'history'
    ),

    vectors as (
        select
            item_id,
            embedding,
            cast(row_number() over (order by item_id asc) as integer) as position
        from {{ ref('two_tower', 'item_embeddings') }}
        where stage = 'production' and item_id in (select item_id from listed union all select item_id from weights)
    ),

    catalogues as (
        select
            list(embedding order by position asc) as items,
            {{ two_tower.users_at_once() }} as block_size
        from vectors
    ),

    histories as (
        select
            weights.user_id,
            list(
                struct_pack(item_id := weights.item_id, "position" := vectors.position, weight := weights.weight)
                order by vectors.position asc
            ) as history
        from weights
        inner join vectors on weights.item_id = vectors.item_id
        group by weights.user_id
    ),

    readers as (
        select
            listed.user_id,
            any_value(histories.history) as history,
            list(
                struct_pack(item_id := listed.item_id, "position" := vectors.position) order by vectors.position asc
            ) as listed,
            row_number() over (order by listed.user_id asc) - 1 as place
        from listed
        inner join vectors on listed.item_id = vectors.item_id
        inner join histories on listed.user_id = histories.user_id
        group by listed.user_id
    ),

    blocks as (
        select list(readers order by readers.place asc) as users
        from readers
        cross join catalogues
        group by readers.place // catalogues.block_size
    ),

    found as (
        select
            unnest(blocks.users).user_id as user_id,
            unnest(history_reasons(blocks.users, catalogues.items, 3)) as reasons
        from blocks
        cross join catalogues
    ),

    pairs as (
        select
            user_id,
            unnest(reasons) as reason
        from found
    )

    select
        user_id,
        reason.item_id as item_id,
        reason.history_score as history_score,
        reason.reasons as reasons
    from pairs
{%- endmacro %}
