{{ config(materialized=two_tower.by_user()) }}
with

interactions as (
    select * from {{ ref('two_tower', 'stg_interactions') }}
),

ends as (
    select * from {{ ref('two_tower', 'data_end') }}
),

final as (
    select
        interactions.user_id,
        interactions.item_id,
        interactions.event_at,
        interactions.event_type,
        interactions.quantity,
        interactions.price,
        interactions.revenue,
        interactions.order_id,
        case
            when {{ two_tower.is_cold_start() }} then 0
            else {{ two_tower.window_number('ends.end_at') }}
        end as window_number
    from interactions
    cross join ends
    where interactions.event_at < ends.end_at and {{ two_tower.is_target('interactions.event_type') }}
)

select * from final
