select
    audiences.item_id,
    {{ user_name('users', 'audiences.user_id') }} as "User",
    audiences.user_id as "User id",
    audiences.score as "Score"
from item_audiences as audiences
left join stg_users as users on audiences.user_id = users.user_id
where audiences.item_id in ({{ ids | map('literal') | join(', ') }}) and audiences.rank <= 5
order by audiences.item_id, audiences.rank
