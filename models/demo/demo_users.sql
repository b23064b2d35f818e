{{ config(enabled=(project_name in ('two_tower', 'two_tower_shops'))) }}
with

demographics as (
    select * from {{ source('complete_journey', 'demographics') }}
),

final as (
    select
        cast(household_id as varchar) as user_id,
        age,
        income,
        home_ownership,
        marital_status,
        household_size,
        household_comp,
        kids_count
    from demographics
)

select * from final
