with

lists as (
    select * from {{ ref('two_tower', 'evaluation_lists') }}
),

metrics as (
    select * from {{ ref('two_tower', 'list_metrics_by_user') }}
),

users as (
    select distinct policy, slice, user_id from {{ ref('two_tower', 'relevant_items') }}
),

list_lengths as (
    {{ two_tower.rows_of('k', var('two_tower_ks')) }}
),

totals as (
    select
        (select count(*) from {{ ref('two_tower', 'item_features') }} where cutoff = 1) as n_items,
        (select known_users from {{ ref('two_tower', 'cutoffs') }} where cutoff = 1) as n_known_users
),

-- an item is covered by every list length from its best rank on
best_ranks as (
    select lists.model, lists.policy, users.slice, lists.item_id, min(lists.rank) as rank
    from lists
    inner join users on lists.policy = users.policy and lists.user_id = users.user_id
    group by lists.model, lists.policy, users.slice, lists.item_id
),

breadths as (
    select best_ranks.model, best_ranks.policy, list_lengths.k, best_ranks.slice, count(*) as n_items
    from best_ranks
    inner join list_lengths on best_ranks.rank <= list_lengths.k
    group by best_ranks.model, best_ranks.policy, list_lengths.k, best_ranks.slice
),

biases as (
    select
        metrics.model,
        users.policy,
        metrics.k,
        users.slice,
        {{ two_tower.mean('metrics.item_users') }} as item_users,
        {{ two_tower.mean('metrics.item_users', 'metrics.profile_item_users is not null') }}
        / nullif({{ two_tower.mean('metrics.profile_item_users') }}, 0) - 1 as popularity_lift,
        {{ two_tower.mean('metrics.novelty') }} as novelty,
        {{ two_tower.mean('metrics.diversity') }} as diversity,
        {{ two_tower.mean('metrics.long_tail_share') }} as long_tail_share
    from metrics
    inner join users on metrics.policy = users.policy and metrics.user_id = users.user_id
    group by metrics.model, users.policy, metrics.k, users.slice
),

final as (
    select
        breadths.model,
        breadths.policy,
        cast(breadths.k as integer) as k,
        breadths.slice,
        breadths.n_items / totals.n_items as coverage,
        biases.item_users / nullif(totals.n_known_users, 0) as popularity_bias,
        biases.popularity_lift,
        biases.novelty,
        biases.diversity,
        biases.long_tail_share
    from breadths
    inner join biases
        on
            breadths.model = biases.model
            and breadths.policy = biases.policy
            and breadths.k = biases.k
            and breadths.slice = biases.slice
    cross join totals
)

select * from final
