select
    {% if passed %}
    case when is_passed then 'passed' else 'failed' end as "Result",
    {% else %}
    'failed' as "Result",
    {% endif %}
    replace(gate, '_', ' ') as "Gate",
    replace(model, '_', ' ') as "Of",
    {% if what %}
    concat_ws(', ', replace(what, '_', ' '), replace(policy, '_', ' '), nullif(slice, 'all')) as "Measure",
    {% else %}
    concat_ws(', ', replace(policy, '_', ' '), nullif(slice, 'all')) as "Measure",
    {% endif %}
    value as "Value",
    threshold as "Threshold",
    value - threshold as "Headroom"
from gates
order by {% if passed %}is_passed, {% endif %}value - threshold, gate, "Of", "Measure"
