{% macro trending_items(activity) %}
    {#- Select of the items with more users than before and than the growth of the segment lets expect: segment, rank, item_id, users,
        previous_users, expected_users, score. `activity` is segment_activity or a CTE like it. -#}
    with

    -- how much busier the segment as a whole is than before
    traffic as (
        select
            segment,
            sum(users) / sum(previous_users) as growth
        from {{ activity }}
        group by segment
        having sum(previous_users) > 0
    ),

    scored as (
        select
            activity.*,
            activity.previous_users * traffic.growth as expected_users,
            -- standard deviations above the expectation, if users came at random
            (activity.users - expected_users)
            / sqrt(traffic.growth * (activity.users + activity.previous_users)) as score
        from {{ activity }} as activity
        inner join traffic on activity.segment = traffic.segment
        where activity.users >= {{ var('two_tower_min_support') }}
    )

    select
        segment,
        cast(
            row_number() over (
                partition by segment
                order by score desc, {{ two_tower.stable_hash(['item_id']) }} asc
            ) as integer
        ) as rank,
        item_id,
        users,
        previous_users,
        cast(expected_users as double) as expected_users,
        cast(score as double) as score
    from scored
    where score > 0
    qualify rank <= {{ var('two_tower_k') }}
{%- endmacro %}
