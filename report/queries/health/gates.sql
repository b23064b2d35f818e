select
    case when is_passed then 'passed' else 'failed' end as "Result",
    replace(gate, '_', ' ') as "Gate",
    replace(model, '_', ' ') as "Of",
    concat_ws(', ', replace(what, '_', ' '), replace(policy, '_', ' '), nullif(slice, 'all')) as "Measure",
    value as "Value",
    threshold as "Threshold",
    headroom as "Headroom"
from gates
order by is_passed, headroom, gate, "Of", "Measure"
