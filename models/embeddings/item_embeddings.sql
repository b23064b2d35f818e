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

served as (
    select inputs.* replace (horizons.horizon as horizon)
    from inputs
    inner join horizons
        on
            inputs.horizon = horizons.vocabulary
            and inputs.snapshot = horizons.snapshot
    -- so that embed gets full blocks of rows for one model each, which takes half the time
    order by horizons.horizon asc, inputs.item_id asc
),

final as (
    select
        served.horizon,
        served.item_id,
        runs.run_id,
        cast(embed(runs.item_model, served, 'item') as float[{{ var('two_tower_dim') }}]) as embedding
    from served
    inner join runs on served.horizon = runs.horizon
)

select * from final
