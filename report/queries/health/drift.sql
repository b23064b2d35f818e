select
    case when is_failed then 'failed' else 'passed' end as "Result",
    replace(check_name, '_', ' ') as "Check",
    subject as "Of",
    before as "Before",
    now as "Now",
    change as "Worse by",
    most as "At most"
from drift_checks
order by is_failed desc, change / nullif(most, 0) desc, check_name, subject
limit 30
