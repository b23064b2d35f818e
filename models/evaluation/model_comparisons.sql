with

-- every model has the same users in a group, so lists in the users' order are paired
models as (
    select
        model,
        policy,
        k,
        slice,
        count(*) as n_users,
        {{ two_tower.mean('recall') }} as recall,
        {{ two_tower.mean('ndcg') }} as ndcg,
        {{ two_tower.ordered_list('recall', 'user_id') }} as recalls,
        {{ two_tower.ordered_list('ndcg', 'user_id') }} as ndcgs
    from {{ ref('two_tower', 'recall_by_user') }}
    group by model, policy, k, slice
),

-- the towers against everything, and everything against ALS
compared as (
    select
        models.model,
        baselines.model as baseline,
        models.policy,
        models.k,
        models.slice,
        models.n_users,
        models.recall,
        baselines.recall as baseline_recall,
        models.ndcg,
        baselines.ndcg as baseline_ndcg,
        {{ two_tower.bootstrap('ratio', ['models.recalls', 'baselines.recalls']) }} as lift,
        {{ two_tower.bootstrap('difference', ['models.recalls', 'baselines.recalls']) }} as difference,
        {{ two_tower.bootstrap('difference', ['models.ndcgs', 'baselines.ndcgs']) }} as ndcg_difference
    from models
    inner join models as baselines
        on
            models.model <> baselines.model
            and (models.model = 'two_tower' or baselines.model = 'als')
            and models.policy = baselines.policy
            and models.k = baselines.k
            and models.slice = baselines.slice
),

final as (
    select
        model,
        baseline,
        policy,
        k,
        slice,
        n_users,
        recall,
        baseline_recall,
        lift.ratio as lift,
        lift.low as lift_low,
        lift.high as lift_high,
        difference.difference as difference,
        difference.low as difference_low,
        difference.high as difference_high,
        ndcg,
        baseline_ndcg,
        ndcg_difference.difference as ndcg_difference,
        ndcg_difference.low as ndcg_difference_low,
        ndcg_difference.high as ndcg_difference_high
    from compared
)

select * from final
