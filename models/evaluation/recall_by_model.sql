{{ config(post_hook="{{ two_tower.create_recall_at() }}") }}

with

users as (
    select * from {{ ref('two_tower', 'recall_by_user') }}
),

lists as (
    select * from {{ ref('two_tower', 'lists_by_model') }}
),

means as (
    select
        model,
        policy,
        k,
        slice,
        count(*) as n_users,
        {{ two_tower.mean('recall') }} as recall,
        {{ two_tower.bootstrap('interval', [two_tower.ordered_list('recall', 'user_id')]) }} as recall_interval,
        {{ two_tower.mean('recall_all') }} as recall_all,
        {{ two_tower.mean('ndcg') }} as ndcg,
        avg(hit) as hit_rate
    from users
    group by model, policy, k, slice
),

final as (
    select
        means.model,
        means.policy,
        means.k,
        means.slice,
        means.n_users,
        means.recall,
        means.recall_interval.low as recall_low,
        means.recall_interval.high as recall_high,
        means.recall_all,
        means.ndcg,
        means.hit_rate,
        coalesce(lists.coverage, 0) as coverage,
        lists.popularity_bias,
        lists.popularity_lift,
        lists.novelty,
        lists.diversity,
        lists.long_tail_share
    from means
    left join lists
        on
            means.model = lists.model
            and means.policy = lists.policy
            and means.k = lists.k
            and means.slice = lists.slice
)

select * from final
