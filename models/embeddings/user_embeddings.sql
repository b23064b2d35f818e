with

horizons as (
    select * from {{ ref('two_tower', 'horizons') }}
),

runs as (
    select * from {{ ref('two_tower', 'model_registry') }}
),

policies as (
    select unnest(['repeats', 'new']) as policy
),

served as (
    select
        inputs.*,
        policies.policy,
        cast(policies.policy = 'new' as float) as only_new
    from {{ ref('two_tower', 'user_inputs') }} as inputs
    inner join horizons
        on
            inputs.horizon = horizons.horizon
            and inputs.snapshot = horizons.snapshot
    cross join policies
    -- so that embed gets full blocks of rows for one model each, which takes half the time
    order by inputs.horizon asc, inputs.user_id asc, policies.policy asc
),

final as (
    select
        served.horizon,
        served.policy,
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
