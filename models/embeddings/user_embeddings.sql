{{ config(materialized=two_tower.by_user()) }}
with

stages as (
    select * from {{ ref('two_tower', 'stages') }}
),

runs as (
    select * from {{ ref('two_tower', 'model_registry') }}
),

inputs as (
    select * from {{ ref('two_tower', 'user_inputs') }}
),

served as (
    select inputs.* replace (stages.stage as stage)
    from inputs
    inner join stages
        on
            inputs.stage = stages.vocabulary
            and inputs.cutoff = stages.cutoff
    -- so that embed gets full blocks of rows for one model each, which takes half the time
    order by stages.stage asc, inputs.user_id asc
),

final as (
    select
        served.stage,
        served.user_id,
        runs.run_id,
        case
            when served.has_history then 'history'
            when served.has_features then 'features'
            else 'nothing'
        end as source,
        cast({{ two_tower.embedded('runs', 'user_model', 'served') }} as float[{{ var('two_tower_dim') }}]) as embedding
    from served
    inner join runs on served.stage = runs.stage
)

select * from final
