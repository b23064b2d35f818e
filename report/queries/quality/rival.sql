select
    100 * lift_low as "Low",
    100 * lift_high as "High"
from model_comparisons
where
    model = 'two_tower' and baseline = {{ rival | literal }} and policy = {{ shown_policy | literal }}
    and k = {{ k }} and slice = 'all' and lift_low is not null
