with

interactions as (
    select * from {{ ref('two_tower', 'stg_interactions') }}
),

final as (
    select
        {{ two_tower.end_of_data() }} as end_at,
        max(event_at) as newest_at
    from interactions
)

select * from final
