with

snapshots as (
    select * from {{ ref('two_tower', 'snapshots') }}
),

views as (
    select
        case snapshots.snapshot when 0 then 'production' else 'evaluation' end as horizon,
        snapshots.snapshot,
        snapshots.as_of,
        case snapshots.snapshot when 1 then serving.as_of end as target_until
    from snapshots
    left join snapshots as serving on serving.snapshot = 0
    where snapshots.snapshot <= 1
),

final as (
    select * from views
    where list_contains({{ two_tower.literal(var('two_tower_horizons')) }}, horizon)
)

select * from final
