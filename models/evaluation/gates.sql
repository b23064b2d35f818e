{%- set minimum_recall = var('two_tower_min_recall') -%}
{%- set gate_k = var('two_tower_gate_k') -%}
{%- set baselines = ['als', 'popularity'] | select('in', var('two_tower_baselines')) | list -%}

with

recalls as (
    select * from {{ ref('two_tower', 'recall_by_model') }}
    where model = 'two_tower' and slice = 'all' and k = {{ gate_k }}
),

-- a baseline that finds nothing leaves no ratio: then being better at all decides
comparisons as (
    select
        policy,
        baseline,
        coalesce(lift_low, difference_low) as value
    from {{ ref('two_tower', 'model_comparisons') }}
    where model = 'two_tower' and slice = 'all' and k = {{ gate_k }}
),

thresholds as (
    select
        policy,
        {{ two_tower.number_of('policy', minimum_recall) }} as minimum_recall
    from ({{ two_tower.rows_of('policy', var('two_tower_policies')) }})
),

-- of the baselines that are built
baselines as (
    {% for baseline in baselines -%}
        select
            policy,
            {{ two_tower.literal(baseline) }} as baseline,
            {{ two_tower.number_of('policy', var('two_tower_min_lift_over_' ~ baseline)) }} as threshold
        from thresholds
        union all
    {% endfor -%}
    select
        '' as policy,
        '' as baseline,
        0.0 as threshold
    where false
),

-- a list for which nothing can be wanted, as one of repeats where nobody repeats, has no trial and no gate
qualities as (
    select
        *,
        coalesce(lift_low, difference_low) as low,
        {{ two_tower.number_of('list_type', var('two_tower_min_list_lift'), 'null') }} as threshold
    from {{ ref('two_tower', 'list_quality') }}
    where threshold is not null
),

-- from the thresholds, not from the results: a result that is missing fails its gate
checked as (
    select
        'minimum_recall' as gate,
        'two_tower' as model,
        thresholds.policy,
        recalls.recall_low as value,
        thresholds.minimum_recall as threshold,
        'recall@{{ gate_k }}' as what,
        'two_tower_min_recall' as remedy,
        coalesce(recalls.recall_low >= thresholds.minimum_recall, false) as is_passed
    from thresholds
    left join recalls on thresholds.policy = recalls.policy
    union all
    select
        'not_below_' || baselines.baseline,
        'two_tower',
        baselines.policy,
        comparisons.value,
        baselines.threshold,
        'lift of recall@{{ gate_k }} over ' || baselines.baseline as what,
        'two_tower_min_lift_over_' || baselines.baseline as remedy,
        coalesce(comparisons.value > baselines.threshold, false) as is_passed
    from baselines
    left join comparisons
        on baselines.policy = comparisons.policy and baselines.baseline = comparisons.baseline
    union all
    select
        'list_quality',
        list_type,
        null,
        low,
        threshold,
        task || ', lift over ' || baseline,
        'two_tower_min_list_lift',
        coalesce(low > threshold, false)
    from qualities
),

final as (
    select
        gate,
        model,
        policy,
        what,
        case when gate <> 'list_quality' then 'all' end as slice,
        case when gate <> 'list_quality' then cast({{ gate_k }} as integer) end as k,
        value,
        threshold,
        value - threshold as headroom,
        is_passed,
        case
            when not is_passed
                then {{ two_tower.gate_message('gate', 'model', 'policy', 'what', 'value', 'threshold', 'remedy') }}
        end as message
    from checked
)

select * from final
