{{ config(enabled=(project_name in ('two_tower', 'two_tower_shops'))) }}
with

transactions as (
    select * from {{ source('complete_journey', 'transactions') }}
),

lines as (
    select
        cast(household_id as varchar) as user_id,
        cast(product_id as varchar) as item_id,
        cast(transaction_timestamp as timestamp) as event_at,
        'purchase' as event_type,
        -- nothing is sold 150 at a time but fuel, which is counted in thousandths of a gallon
        case when quantity >= 150 then quantity / 1000.0 else quantity end as quantity,
        sales_value
    from transactions
),

final as (
    select
        user_id,
        item_id,
        event_at,
        event_type,
        cast(sum(quantity) as double) as quantity,
        cast(sum(sales_value) / nullif(sum(quantity), 0) as double) as price
    from lines
    group by user_id, item_id, event_at, event_type
)

select * from final
