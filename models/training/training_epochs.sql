with

training_runs as (
    select * from {{ ref('two_tower', 'training_runs') }}
),

final as (
    select
        horizon,
        run_id,
        cast(epoch as integer) as epoch,
        max(name) filter (where kind = 'loss') as phase,
        cast(max(value) filter (where kind = 'loss') as double) as loss,
        cast(max(value) filter (where kind = 'seconds') as double) as seconds,
        cast(
            max(value) filter (where kind = 'validation_recall_at_10' and name = 'repeats') as double
        ) as validation_recall_repeats,
        cast(
            max(value) filter (where kind = 'validation_recall_at_10' and name = 'new') as double
        ) as validation_recall_new
    from training_runs
    where epoch is not null
    group by horizon, run_id, epoch
)

select * from final
