{% macro popular_by_segment(activity) %}
    {#- Select of the items that most users of a segment had lately: segment, rank, item_id, users. `activity` is segment_activity or a CTE
        like it. -#}
    select
        segment,
        cast(
            row_number() over (
                partition by segment
                order by users desc, previous_users desc, {{ two_tower.stable_hash(['item_id']) }} asc
            ) as integer
        ) as rank,
        item_id,
        users
    from {{ activity }}
    where users > 0
    qualify rank <= {{ var('two_tower_k') }}
{%- endmacro %}
