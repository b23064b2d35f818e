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

inputs as (
    select
        user_inputs.*,
        policies.policy,
        cast(policies.policy = 'new' as float) as only_new
    from {{ ref('two_tower', 'user_inputs') }} as user_inputs
    cross join policies
),

final as (
    select
        inputs.horizon,
        inputs.policy,
        inputs.user_id,
        runs.run_id,
        case
            when inputs.has_history then 'history'
            when inputs.has_features then 'features'
            else 'nothing'
        end as source,
        cast(embed(runs.user_model, inputs, 'user') as float[{{ var('two_tower_dim') }}]) as embedding
    from inputs
    inner join horizons
        on
            inputs.horizon = horizons.horizon
            and inputs.snapshot = horizons.snapshot
    inner join runs on inputs.horizon = runs.horizon
)

select * from final
