with

users as (
    select * from {{ ref('two_tower', 'experiment_metrics') }}
),

checks as (
    {{ two_tower.sample_ratios('users') }}
),

metrics as (
    {%- for metric in ['conversion', 'revenue'] %}
        select
            experiment,
            variant,
            {{ two_tower.literal(metric) }} as metric,
            cast({{ metric }} as double) as value,
            cast({{ metric }}_before as double) as value_before
        from users
        where is_complete and {{ metric }} is not null
        {%- if not loop.last %}
            union all
        {%- endif %}
    {%- endfor %}
),

-- CUPED (Deng et al. 2013): what the pre-period foretells is taken out, with one slope for all variants
slopes as (
    select
        experiment,
        metric,
        coalesce(covar_pop(value, value_before) / nullif(var_pop(value_before), 0), 0) as slope,
        avg(value_before) as mean_before
    from metrics
    group by experiment, metric
),

variants as (
    select
        metrics.experiment,
        metrics.metric,
        metrics.variant,
        count(*) as n_users,
        avg(metrics.value) as mean,
        var_samp(metrics.value) / count(*) as variance,
        avg(metrics.value - slopes.slope * (metrics.value_before - slopes.mean_before)) as cuped_mean,
        var_samp(metrics.value - slopes.slope * metrics.value_before) / count(*) as cuped_variance
    from metrics
    inner join slopes on metrics.experiment = slopes.experiment and metrics.metric = slopes.metric
    group by metrics.experiment, metrics.metric, metrics.variant
),

final as (
    select
        variants.experiment,
        variants.metric,
        variants.variant,
        variants.n_users,
        variants.mean,
        controls.mean as control_mean,
        {{ two_tower.difference_with_interval('mean', 'variance', 'difference') }},
        {{ two_tower.difference_with_interval('cuped_mean', 'cuped_variance', 'cuped_difference') }},
        checks.sample_ratio_p_value,
        checks.sample_ratio_p_value < 0.001 as has_sample_ratio_mismatch
    from variants
    inner join checks on variants.experiment = checks.experiment
    left join variants as controls
        on
            variants.experiment = controls.experiment
            and variants.metric = controls.metric
            and controls.variant = 'control'
            and variants.variant != 'control'
)

select * from final
