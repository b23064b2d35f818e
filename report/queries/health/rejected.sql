select
    replace(input, '_', ' ') as "Input",
    row_key as "Row",
    column_name as "Column",
    value as "Value",
    reason as "Why it is left out",
    remedy as "What to do"
from rejected_rows
order by input, row_key, column_name, value, reason
limit 30
