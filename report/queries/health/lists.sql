select
    case source
        when 'history' then 'What the user had'
        when 'popularity' then 'Nothing: popular items'
        else source
    end as "Known of the user",
    count(distinct user_id) as "Users",
    100.0 * count(distinct user_id) / (select count(distinct user_id) from recommendations) as "Users %",
    count(*) / count(distinct user_id) as "Items per list"
from recommendations
group by source
order by count(distinct user_id) desc
