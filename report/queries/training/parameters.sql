select
    name as "Setting",
    max(coalesce(text, regexp_replace(cast(value as varchar), '\.0$', ''))) filter (where stage = 'production') as "Production",
    max(coalesce(text, regexp_replace(cast(value as varchar), '\.0$', ''))) filter (where stage = 'evaluation') as "Evaluation"
from training_runs
where kind = 'parameter'
group by 1
order by 2 is not distinct from 3, 1
