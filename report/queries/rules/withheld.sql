select
    reason as "Why",
    segment as "Segment",
    count(*) as "Items withheld"
from unavailable_items
group by 1, 2
order by 3 desc, 1, 2
limit 20
