select
    stage as "Stage",
    kind as "Kind",
    name as "Phase",
    sum(value) as "Amount"
from training_runs
where kind in ('seconds', 'duration', 'memory', 'peak_memory')
group by 1, 2, 3
order by 1, 4 desc
