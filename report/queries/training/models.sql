select
    'towers' as "Part",
    stage as "Stage",
    strftime(trained_at, '%Y-%m-%d %H:%M') as "Trained",
    epochs as "Epochs",
    seconds as "Seconds",
    run_id as "Run id"
from model_registry
{% if ranker %}
union all
select 'ranker', stage, strftime(trained_at, '%Y-%m-%d %H:%M'), null, seconds, run_id
from ranker_registry
{% endif %}
order by 1 desc, 2
