with names as (
    select ['Ada', 'Ben', 'Cleo', 'Dina', 'Emil', 'Fay', 'Gus', 'Hana', 'Ivo', 'June'] as first_names
)

select
    n as customer_id,
    first_names[1 + n % 10] || ' ' || chr(65 + cast(n // 12 as integer)) || '.' as name,
    'club ' || n % 4 as club
from range(300) as t(n), names
