select
    set_id as "Set",
    published_at as "Published",
    100 * max(value) filter (where measure = 'recall' and subject = 'two_tower, {{ policy }}') as "Recall %",
    100 * max(value) filter (where measure = 'recall' and subject = 'popularity, {{ policy }}') as "Popular list %",
    100 * max(value) filter (where measure = 'coverage') as "Coverage %",
    100 * max(value) filter (where measure = 'list_change') as "Places that changed %",
    min(value) filter (where measure = 'gate_headroom') as "Least headroom"
from run_history
group by set_id, published_at
order by published_at desc
limit 60
