{% for table, column, type in columns %}
{% if not loop.first %}
union all
{% endif %}
select
    {{ table | literal }} as "Table",
    {{ column | literal }} as "Column",
    {{ type | lower | literal }} as "Type",
    {{ reading(table, column, type) | literal }} as "Read as",
    100.0 * count(*) filter (where {{ quoted(column) }} is null) / greatest(count(*), 1) as "Missing %",
    approx_count_distinct({{ quoted(column) }}) as "Different values, about"
from {{ table }}
{% endfor %}
