select
    case recalls.model
        when 'two_tower' then 'These lists'
        when 'towers' then 'Towers alone'
        when 'popularity' then 'Popular items'
        when 'recent_popularity' then 'Popular lately'
        when 'own_most_bought' then 'Own most bought'
        when 'item_knn' then 'Item neighbours'
        when 'als' then 'ALS'
        when 'ease' then 'EASE'
        else recalls.model
    end as "Method",
    recalls.model as "Method id",
    100 * recalls.recall as "Recall %",
    100 * recalls.recall_low as "Low %",
    100 * recalls.recall_high as "High %",
    100 * recalls.recall / nullif(popular.recall, 0) - 100 as "Above popularity, %",
    100 * recalls.coverage as "Coverage %",
    recalls.n_users as "Users"
from recall_by_model as recalls
left join recall_by_model as popular
    on
        popular.model = 'popularity' and popular.policy = recalls.policy
        and popular.k = recalls.k and popular.slice = recalls.slice
where recalls.k = {{ k }} and recalls.slice = 'all' and recalls.policy = {{ shown_policy | literal }}
order by recalls.recall desc, recalls.model
