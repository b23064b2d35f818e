{%- do two_tower.attach_served_set() -%}
with

measures as (
    select * from {{ ref('two_tower', 'run_measures') }}
),

served_measures as (
    {{ two_tower.of_served_set('run_measures', {'measure': 'varchar', 'subject': 'varchar', 'value': 'double'}) }}
),

samples as (
    select * from {{ ref('two_tower', 'feature_samples') }}
),

served_samples as (
    {{ two_tower.of_served_set('feature_samples', {'feature': 'varchar', 'id': 'varchar', 'value_hash': 'varchar'}) }}
),

changed as (
    select
        samples.feature,
        avg(if(samples.value_hash != served_samples.value_hash, 1.0, 0.0)) as share
    from samples
    inner join served_samples on samples.feature = served_samples.feature and samples.id = served_samples.id
    -- what is missing now is a matter of null_share
    where samples.value_hash is not null and served_samples.value_hash is not null
    group by samples.feature
    having count(*) >= 20
),

compared as (
    select
        before.measure,
        before.subject,
        before.value as before,
        now.value as now
    from served_measures as before
    left join measures as now on before.measure = now.measure and before.subject = now.subject
),

found as (
    {{ two_tower.drift_found('compared', 'changed') }}
),

limits as (
    {{ two_tower.drift_limits() }}
),

final as (
    select
        found.check_name,
        found.subject,
        cast(found.before as double) as before,
        cast(found.now as double) as now,
        cast(found.change as double) as change,
        cast(limits.most as double) as most,
        found.change > limits.most as is_failed,
        concat('Drift check ', found.check_name, ', ', found.subject, ': ', found.said, '.') as message
    from found
    inner join limits on found.check_name = limits.check_name
)

select * from final
