select
    model as "Model",
    avg(hits) as "Taken of the list",
    count(*) as "Users"
from recall_by_user
where k = {{ k }} and slice = 'all' and policy = '{{ policy }}' and model in ('two_tower', 'popularity')
group by model
order by model desc
