with

candidates as (
    select * from {{ ref('two_tower', 'evaluated_candidates') }}
),

relevant as (
    select * from {{ ref('two_tower', 'relevant_items') }}
),

list_lengths as (
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
        cast(list_lengths.k as integer) as k,
        users.slice,
        count(*) as n_users,
        {{ two_tower.mean('users.n_found / users.n_relevant') }} as candidate_recall,
        {{ two_tower.mean('least(users.n_found, list_lengths.k) / least(users.n_relevant, list_lengths.k)') }}
            as best_recall
    from users
    cross join list_lengths
    group by users.policy, list_lengths.k, users.slice
)

select * from final
