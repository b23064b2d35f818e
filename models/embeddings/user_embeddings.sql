with

horizons as (
    select * from {{ ref('two_tower', 'horizons') }}
),

runs as (
    select * from {{ ref('two_tower', 'model_registry') }}
),

inputs as (
    select * from {{ ref('two_tower', 'user_inputs') }}
),

served as (
    select inputs.* replace (horizons.horizon as horizon)
    from inputs
    inner join horizons
        on
            inputs.horizon = horizons.vocabulary
            and inputs.snapshot = horizons.snapshot
    -- so that embed gets full blocks of rows for one model each, which takes half the time
    order by horizons.horizon asc, inputs.user_id asc
),

final as (
    select
        served.horizon,
        served.user_id,
        runs.run_id,
        case
            when served.has_history then 'history'
            when served.has_features then 'features'
            else 'nothing'
        end as source,
        cast(embed(runs.user_model, served, 'user') as float[{{ var('two_tower_dim') }}]) as embedding
    from served
    inner join runs on served.horizon = runs.horizon
)

select * from final
