with

snapshots as (
    select * from {{ ref('two_tower', 'snapshots') }}
),

final as (
    select
        case snapshots.snapshot when 0 then 'production' else 'evaluation' end as horizon,
        snapshots.snapshot,
        snapshots.as_of,
        case snapshots.snapshot when 1 then serving.as_of end as target_until
    from snapshots
    left join snapshots as serving on serving.snapshot = 0
    where snapshots.snapshot <= 1
)

select * from final
