with

training_runs as (
    select * from {{ ref('two_tower', 'training_runs') }}
),

final as (
    select
        stage,
        run_id,
        max(text) filter (where kind = 'artifact' and name = 'user_model') as user_model,
        max(text) filter (where kind = 'artifact' and name = 'item_model') as item_model,
        max(text) filter (where kind = 'sha256' and name = 'user_model') as user_model_sha256,
        max(text) filter (where kind = 'sha256' and name = 'item_model') as item_model_sha256,
        cast(max(value) filter (where kind = 'parameter' and name = 'dim') as integer) as dim,
        cast(max(value) filter (where kind = 'layout' and name = 'sequence') as integer) as sequence_dim,
        cast(max(value) filter (where kind = 'layout' and name = 'factors') as integer) as factors_dim,
        cast(max(epoch) as integer) as epochs,
        cast(max(value) filter (where kind = 'duration' and name = 'total') as double) as seconds,
        cast(max(text) filter (where kind = 'metadata' and name = 'trained_at') as timestamp) as trained_at
    from training_runs
    group by stage, run_id
)

select * from final
