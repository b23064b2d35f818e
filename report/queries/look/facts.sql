select * from stg_{{ kind }}s
where {{ kind }}_id in ({{ ids | map('literal') | join(', ') }})
