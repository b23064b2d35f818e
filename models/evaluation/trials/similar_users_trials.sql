with

lists as (
    {{ two_tower.similar_users('evaluation') }}
),

targets as (
    select user_id, item_id, is_repeat from {{ ref('two_tower', 'cutoff_targets') }} where cutoff = 1
),

-- one line of SQL: the users who had most in the newest window
active as (
    select user_id from {{ ref('two_tower', 'user_features') }}
    where cutoff = 1
    order by recent_items desc, {{ two_tower.stable_hash(['user_id']) }} asc
    limit {{ var('two_tower_k') }}
),

others as (
    select user_id, similar_user_id as other_id, 'value' as side from lists
    union all
    select users.user_id, active.user_id as other_id, 'baseline_value' as side
    from (select distinct user_id from lists) as users
    cross join active
    where users.user_id <> active.user_id
),

-- of what another user takes, the share that the user takes, too: who takes much hits by that alone
shares as (
    select
        others.user_id,
        others.other_id,
        others.side,
        count(taken.item_id) / count(*) as share
    from others
    inner join targets as theirs on others.other_id = theirs.user_id
    left join targets as taken on others.user_id = taken.user_id and theirs.item_id = taken.item_id
    where others.user_id in (select user_id from targets)
    group by others.user_id, others.other_id, others.side
),

final as (
    select
        'similar_users' as list_type,
        'of what they take, what the user takes' as task,
        'the most active users' as baseline,
        user_id as unit_id,
        coalesce({{ two_tower.mean('share', "side = 'value'") }}, 0) as value,
        coalesce({{ two_tower.mean('share', "side = 'baseline_value'") }}, 0) as baseline_value
    from shares
    group by user_id
)

select * from final
