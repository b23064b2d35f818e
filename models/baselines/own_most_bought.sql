{{ config(materialized=two_tower.by_user()) }}
{%- set length = var('two_tower_evaluation_k') -%}
with

users as (
    {{ two_tower.evaluated_users() }}
),

items as (
    select * from {{ ref('two_tower', 'item_features') }} where cutoff = 1
),

policies as (
    {{ two_tower.rows_of('policy', var('two_tower_policies')) }}
),

known as (
    select
        splits.*,
        {{ two_tower.days_between('splits.event_at', 'cutoffs.known_until') }} as age_days
    from {{ ref('two_tower', 'interaction_splits') }} as splits
    inner join {{ ref('two_tower', 'cutoffs') }} as cutoffs on cutoffs.cutoff = 1
    where {{ two_tower.is_history('splits.window_number', 1) }}
),

bought as (
    select
        user_id,
        item_id,
        -- rounded, because a sum of fractions depends on the order in which threads add them up
        round(sum(power(0.5, age_days / {{ var('two_tower_own_most_bought_half_life_days') }})), 9) as score
    from known semi join users on known.user_id = users.user_id
    group by user_id, item_id
),

popular as (
    {{ two_tower.popular_items('items', ['recent_users', 'users']) }}
),

fallback as (
    {{ two_tower.popular_lists('users', 'popular', length, 'bought') }}
),

-- place 0 = bought before; others in the order of the popular list
candidates as (
    select
        *,
        0 as place
    from bought
    union all
    select
        user_id,
        item_id,
        score,
        rank as place
    from fallback
),

ranked as (
    select
        policies.policy,
        candidates.*,
        row_number() over (
            partition by policies.policy, candidates.user_id
            order by
                candidates.place asc, candidates.score desc, {{ two_tower.stable_hash(['candidates.item_id']) }} asc
        ) as rank
    from candidates
    inner join policies on policies.policy = 'allow_repeats' or candidates.place > 0
),

final as (
    select
        'own_most_bought' as model,
        policy,
        user_id,
        cast(rank as integer) as rank,
        item_id,
        score,
        cast(null as varchar) as run_id,
        case place when 0 then 'own_most_bought' else 'fallback' end as source
    from ranked
    where rank <= {{ length }}
)

select * from final
