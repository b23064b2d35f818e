{{ config(
    post_hook=[
        "{{ two_tower.check_rows(['user_id', 'item_id', 'event_at', 'event_type'], not_after_now='event_at') }}",
        "{{ two_tower.check_event_types() }}",
        "{{ two_tower.warn_of_returns() }}",
    ]
) }}
with

lines_given as (
    {{ two_tower.input_rows('interactions') }}
),

-- an event that is no sale may have a quantity of 0 throughout, which then says nothing
types as (
    select
        event_type,
        coalesce(max(quantity), 0) > 0 as has_quantity
    from lines_given
    group by event_type
),

lines as (
    select
        lines_given.user_id,
        lines_given.item_id,
        lines_given.event_at,
        {{ two_tower.typed_event('lines_given') }} as event_type,
        if(types.has_quantity, coalesce(lines_given.quantity, 1), 1) as quantity,
        lines_given.price,
        lines_given.order_id
    from lines_given
    left join types on lines_given.event_type is not distinct from types.event_type
    -- what was sent back was not bought again, and what was cancelled never; see warn_of_returns
    where
        coalesce(lines_given.quantity, 1) > 0
        or (lines_given.quantity = 0 and not types.has_quantity)
),

final as (
    select
        user_id,
        item_id,
        event_at,
        event_type,
        sum(quantity) as quantity,
        -- of lines that belong together, the mean price of a unit whose price is known
        case
            when count(*) = 1 then max(price)
            else sum(price * quantity) / nullif(sum(quantity) filter (where price is not null), 0)
        end as price,
        sum(price * quantity) as revenue,
        min(order_id) as order_id
    from lines
    group by user_id, item_id, event_at, event_type
)

select * from final
