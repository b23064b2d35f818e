select
    users.user_id as "User id",
    {{ user_name('known', 'users.user_id') }} as "User"
from (select user_id from recommendations where rank = 1) as users
left join stg_users as known on users.user_id = known.user_id
{% if asked %}
where users.user_id in ({{ asked | map('literal') | join(', ') }})
{% endif %}
order by md5(users.user_id)
limit {{ most }}
