select
    experiment as "Experiment",
    metric as "Metric",
    variant as "Variant",
    n_users as "Users",
    mean as "Mean",
    difference as "Difference from control",
    difference_low as "Low",
    difference_high as "High",
    case when has_sample_ratio_mismatch then 'broken: trust no difference' else 'as planned' end as "Sizes of the groups"
from experiment_results
order by 1, 2, 3
limit 100
