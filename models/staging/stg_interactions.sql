{{ config(
    post_hook=[
        "{{ two_tower.check_rows(['user_id', 'item_id', 'event_at', 'event_type'], not_after_now='event_at') }}",
        "{{ two_tower.warn_of_returns() }}",
    ]
) }}
{%- set columns = two_tower.input_columns('interactions') -%}
with

interactions as (
    select * from {{ two_tower.input_relation('interactions') }}
),

lines as (
    select
        cast({{ columns.user_id }} as varchar) as user_id,
        cast({{ columns.item_id }} as varchar) as item_id,
        cast({{ columns.event_at }} as timestamp) as event_at,
        cast({{ columns.event_type }} as varchar) as event_type,
        coalesce(cast({{ columns.quantity }} as double), 1) as quantity,
        cast({{ columns.price }} as double) as price
    from interactions
    -- what was sent back was not bought again, see warn_of_returns
    where coalesce(cast({{ columns.quantity }} as double), 1) >= 0
),

final as (
    select
        user_id,
        item_id,
        event_at,
        event_type,
        sum(quantity) as quantity,
        -- of lines that belong together, the mean price of a unit
        case
            when count(*) = 1 then max(price)
            else sum(price * quantity) / nullif(sum(quantity) filter (where price is not null), 0)
        end as price
    from lines
    group by user_id, item_id, event_at, event_type
)

select * from final
