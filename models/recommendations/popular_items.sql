with

activity as (
    select * from {{ ref('two_tower', 'segment_activity') }}
),

final as (
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
    from activity
    where users > 0
    qualify rank <= {{ var('two_tower_k') }}
)

select * from final
