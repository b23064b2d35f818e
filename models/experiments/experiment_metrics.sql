with

users as (
    {{ two_tower.experiment_users() }}
),

outcomes as (
    {{ two_tower.experiment_outcomes() }}
),

sums as (
    select
        users.experiment,
        users.user_id,
        users.variant,
        users.exposed_at,
        outcomes.occurred_at >= users.exposed_at as is_after,
        count(outcomes.user_id) as outcomes,
        coalesce(sum(outcomes.revenue), 0) as revenue
    from users
    left join outcomes
        on
            users.user_id = outcomes.user_id
            and users.exposed_at - interval {{ var('two_tower_pre_period_days') }} day <= outcomes.occurred_at
            and users.exposed_at + interval {{ var('two_tower_outcome_days') }} day > outcomes.occurred_at
    group by all
),

final as (
    select
        experiment,
        user_id,
        variant,
        exposed_at,
        cast(coalesce(sum(outcomes) filter (where is_after), 0) > 0 as integer) as conversion,
        coalesce(sum(revenue) filter (where is_after), 0) as revenue,
        cast(coalesce(sum(outcomes) filter (where not is_after), 0) > 0 as integer) as conversion_before,
        coalesce(sum(revenue) filter (where not is_after), 0) as revenue_before
    from sums
    group by experiment, user_id, variant, exposed_at
)

select * from final
