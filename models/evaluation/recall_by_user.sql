{{ config(materialized=two_tower.by_user()) }}
with

lists as (
    select * from {{ ref('two_tower', 'evaluation_lists') }}
),

relevant as (
    select * from {{ ref('two_tower', 'relevant_items') }}
),

models as (
    select * from {{ ref('two_tower', 'evaluated_models') }}
),

list_lengths as (
    {{ two_tower.rows_of('k', var('two_tower_ks')) }}
),

users as (
    select policy, slice, user_id, count(*) as n_relevant
    from relevant
    group by policy, slice, user_id
),

found as (
    select lists.model, relevant.policy, relevant.slice, relevant.user_id, lists.rank
    from relevant
    inner join lists
        on
            relevant.policy = lists.policy
            and relevant.user_id = lists.user_id
            and relevant.item_id = lists.item_id
),

-- from the users, not from the lists: who got no list counts with 0
counted as (
    select
        models.model,
        users.policy,
        cast(list_lengths.k as integer) as k,
        users.slice,
        users.user_id,
        users.n_relevant,
        least(list_lengths.k, users.n_relevant) as n_reachable,
        count(found.rank) as hits,
        coalesce({{ two_tower.exact_sum(two_tower.rank_discount('found.rank')) }}, 0) as dcg
    from users
    cross join models
    cross join list_lengths
    left join found
        on
            models.model = found.model
            and users.policy = found.policy
            and users.slice = found.slice
            and users.user_id = found.user_id
            and list_lengths.k >= found.rank
    group by all
),

final as (
    select
        model,
        policy,
        k,
        slice,
        user_id,
        n_relevant,
        hits,
        hits / n_reachable as recall,
        hits / n_relevant as recall_all,
        dcg / {{ two_tower.ideal_dcg('n_reachable') }} as ndcg,
        cast(hits > 0 as integer) as hit
    from counted
)

select * from final
