select
    case
        when value_low > baseline_value then 'better'
        when value_high < baseline_value then 'worse'
        else 'level'
    end as "Result",
    replace(list_type, '_', ' ') as "List",
    task as "What it should do",
    value as "Value",
    value_low as "Low",
    value_high as "High",
    baseline_value as "Simpler list",
    replace(baseline, '_', ' ') as "Which",
    100 * lift as "Above it, %"
from list_quality
order by list_type, task, baseline
