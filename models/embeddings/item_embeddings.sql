with

stages as (
    select * from {{ ref('two_tower', 'stages') }}
),

runs as (
    select * from {{ ref('two_tower', 'model_registry') }}
),

inputs as (
    select * from {{ ref('two_tower', 'item_inputs') }}
),

served as (
    select inputs.* replace (stages.stage as stage)
    from inputs
    inner join stages
        on
            inputs.stage = stages.vocabulary
            and inputs.cutoff = stages.cutoff
    -- so that embed gets full blocks of rows for one model each, which takes half the time
    order by stages.stage asc, inputs.item_id asc
),

final as (
    select
        served.stage,
        served.item_id,
        runs.run_id,
        cast({{ two_tower.embedded('runs', 'item_model', 'served') }} as float[{{ var('two_tower_dim') }}]) as embedding
    from served
    inner join runs on served.stage = runs.stage
)

select * from final
