with

trials as (
    select * from {{ ref('two_tower', 'list_trials') }}
),

-- the units in one order, so that the list and its baseline are paired
measured as (
    select
        list_type,
        task,
        baseline,
        count(*) as units,
        {{ two_tower.mean('value') }} as value,
        {{ two_tower.mean('baseline_value') }} as baseline_value,
        {{ two_tower.ordered_list('cast(value as double)', 'unit_id') }} as values_of_units,
        {{ two_tower.ordered_list('cast(baseline_value as double)', 'unit_id') }} as baselines_of_units
    from trials
    group by list_type, task, baseline
),

judged as (
    select
        *,
        {{ two_tower.bootstrap('interval', ['values_of_units']) }} as value_interval,
        {{ two_tower.bootstrap('ratio', ['values_of_units', 'baselines_of_units']) }} as lift,
        {{ two_tower.bootstrap('difference', ['values_of_units', 'baselines_of_units']) }} as difference
    from measured
),

final as (
    select
        list_type,
        task,
        units,
        value,
        value_interval.low as value_low,
        value_interval.high as value_high,
        baseline,
        baseline_value,
        lift.ratio as lift,
        lift.low as lift_low,
        lift.high as lift_high,
        difference.difference as difference,
        difference.low as difference_low,
        difference.high as difference_high
    from judged
)

select * from final
