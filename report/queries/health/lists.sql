select
    case source
        when 'history' then 'What the user had'
        when 'popularity' then 'Nothing: popular items'
        else source
    end as "Known of the user",
    count(*) filter (where rank = 1) as "Users",
    100.0 * count(*) filter (where rank = 1) / sum(count(*) filter (where rank = 1)) over () as "Users %",
    count(*) / count(*) filter (where rank = 1) as "Items per list"
from recommendations
group by source
order by 2 desc
