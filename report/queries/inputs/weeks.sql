select
    cast(date_trunc('week', event_at) as date) as "Week",
    count(*) as "Events"
from stg_interactions
where event_at is not null
group by 1
order by 1 desc
limit 110
