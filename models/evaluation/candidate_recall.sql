with

candidates as (
    select * from {{ ref('two_tower', 'evaluated_candidates') }}
),

relevant as (
    select * from {{ ref('two_tower', 'relevant_items') }}
),

cutoffs as (
    {{ two_tower.rows_of('k', var('two_tower_ks')) }}
),

users as (
    select
        relevant.policy,
        relevant.slice,
        relevant.user_id,
        count(*) as n_relevant,
        count(candidates.item_id) as n_found
    from relevant
    left join candidates on relevant.user_id = candidates.user_id and relevant.item_id = candidates.item_id
    group by relevant.policy, relevant.slice, relevant.user_id
),

final as (
    select
        users.policy,
        cast(cutoffs.k as integer) as k,
        users.slice,
        count(*) as n_users,
        avg(users.n_found / users.n_relevant) as candidate_recall,
        avg(least(users.n_found, cutoffs.k) / least(users.n_relevant, cutoffs.k)) as best_recall
    from users
    cross join cutoffs
    group by users.policy, cutoffs.k, users.slice
)

select * from final
