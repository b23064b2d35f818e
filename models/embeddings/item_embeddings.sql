with

horizons as (
    select * from {{ ref('two_tower', 'horizons') }}
),

runs as (
    select * from {{ ref('two_tower', 'model_registry') }}
),

inputs as (
    select * from {{ ref('two_tower', 'item_inputs') }}
),

final as (
    select
        inputs.horizon,
        inputs.item_id,
        runs.run_id,
        cast(embed(runs.item_model, inputs, 'item') as float[{{ var('two_tower_dim') }}]) as embedding
    from inputs
    inner join horizons
        on
            inputs.horizon = horizons.horizon
            and inputs.snapshot = horizons.snapshot
    inner join runs on inputs.horizon = runs.horizon
)

select * from final
