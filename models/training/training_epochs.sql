with

training_runs as (
    select * from {{ ref('two_tower', 'training_runs') }}
),

final as (
    select
        stage,
        run_id,
        cast(epoch as integer) as epoch,
        max(name) filter (where kind = 'loss') as phase,
        cast(max(value) filter (where kind = 'loss') as double) as loss,
        cast(max(value) filter (where kind = 'seconds') as double) as seconds,
        cast(
            max(value) filter (where kind = 'validation_recall_at_10' and name = 'allow_repeats') as double
        ) as validation_recall_allow_repeats,
        cast(
            max(value) filter (where kind = 'validation_recall_at_10' and name = 'unseen_only') as double
        ) as validation_recall_unseen_only
    from training_runs
    where epoch is not null
    group by stage, run_id, epoch
)

select * from final
