with

events as (
    select * from {{ ref('two_tower', 'user_events') }}
),

final as (
    select
        cutoff,
        -- as columns are told apart, which signals of types become
        lower(event_type) as event_type,
        item_id,
        count(distinct user_id) as users
    from events
    group by all
)

select * from final
