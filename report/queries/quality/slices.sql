select
    case ours.slice
        when 'all' then 'Everybody, every item'
        when 'cold_user' then 'New users'
        when 'warm_user' then 'Known users'
        when 'cold_item' then 'New items'
        when 'warm_item' then 'Known items'
        else ours.slice
    end as "Of whom, of what",
    100 * ours.recall as "Recall %",
    100 * ours.recall_low as "Low %",
    100 * ours.recall_high as "High %",
    100 * popular.recall as "Popular list %",
    ours.n_users as "Users"
from recall_by_model as ours
left join recall_by_model as popular
    on
        ours.policy = popular.policy and ours.k = popular.k and ours.slice = popular.slice
        and popular.model = 'popularity'
where ours.model = 'two_tower' and ours.k = {{ k }} and ours.policy = '{{ policy }}'
order by ours.slice != 'all', ours.slice
