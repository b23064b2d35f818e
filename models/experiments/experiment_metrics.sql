with

users as (
    {{ two_tower.experiment_users() }}
),

outcomes as (
    {{ two_tower.experiment_outcomes() }}
),

clock as (
    select
        coalesce(max(occurred_at), {{ two_tower.served_at() }}) as now_at,
        {{ two_tower.is_by_day('occurred_at') }} as is_by_day,
        count(*) = 0 or count(revenue) > 0 as has_revenue
    from outcomes
),

-- an outcome of which only the day is known counts from the day of the exposure on
counted as (
    select
        users.*,
        case when clock.is_by_day then date_trunc('day', users.exposed_at) else users.exposed_at end as counted_from
    from users
    cross join clock
),

sums as (
    select
        users.experiment,
        users.user_id,
        users.variant,
        users.exposed_at,
        users.counted_from,
        outcomes.occurred_at >= users.counted_from as is_after,
        count(outcomes.user_id) as outcomes,
        coalesce(sum(outcomes.revenue), 0) as revenue
    from counted as users
    left join outcomes
        on
            users.user_id = outcomes.user_id
            and users.counted_from - interval {{ var('two_tower_pre_period_days') }} day <= outcomes.occurred_at
            and users.counted_from + interval {{ var('two_tower_outcome_days') }} day > outcomes.occurred_at
    group by all
),

final as (
    select
        experiment,
        user_id,
        variant,
        exposed_at,
        counted_from + interval {{ var('two_tower_outcome_days') }} day <= any_value(clock.now_at) as is_complete,
        cast(coalesce(sum(outcomes) filter (where is_after), 0) > 0 as integer) as conversion,
        if(any_value(clock.has_revenue), coalesce(sum(revenue) filter (where is_after), 0), null) as revenue,
        cast(coalesce(sum(outcomes) filter (where not is_after), 0) > 0 as integer) as conversion_before,
        if(any_value(clock.has_revenue), coalesce(sum(revenue) filter (where not is_after), 0), null) as revenue_before
    from sums
    cross join clock
    group by experiment, user_id, variant, exposed_at, counted_from
)

select * from final
