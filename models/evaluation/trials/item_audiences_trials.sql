with

audiences as (
    {{ two_tower.item_audiences('evaluation') }}
),

-- of very many items a sample is enough
items as (
    select
        categories.item_id,
        categories.kind
    from {{ ref('two_tower', 'item_categories') }} as categories
    semi join audiences on categories.item_id = audiences.item_id
    order by {{ two_tower.stable_hash(['categories.item_id']) }} asc
    limit 1000
),

targets as (select user_id, item_id from {{ ref('two_tower', 'cutoff_targets') }} where is_measured),

histories as (
    select
        histories.user_id,
        histories.item_id,
        histories.recency_weight,
        categories.kind
    from {{ ref('two_tower', 'user_histories') }} as histories
    inner join {{ ref('two_tower', 'item_categories') }} as categories on histories.item_id = categories.item_id
    where histories.cutoff = 1
),

of_kinds as (select distinct user_id, kind from histories),

activity as (
    select
        users.user_id,
        coalesce({{ two_tower.exact_sum('histories.recency_weight') }}, 0) as activity
    from (select distinct user_id from targets) as users
    left join histories on users.user_id = histories.user_id
    group by users.user_id
),

pairs as (
    select
        items.item_id,
        activity.user_id,
        activity.activity,
        had.item_id is not null as is_had,
        had.item_id is not null or of_kinds.kind is not null as is_near,
        audiences.rank,
        cast(targets.item_id is not null as integer) as is_taken
    from items
    cross join activity
    left join histories as had on items.item_id = had.item_id and activity.user_id = had.user_id
    left join of_kinds on items.kind = of_kinds.kind and activity.user_id = of_kinds.user_id
    left join audiences on items.item_id = audiences.item_id and activity.user_id = audiences.user_id
    left join targets on items.item_id = targets.item_id and activity.user_id = targets.user_id
),

-- as many users as the audience has, by one line of SQL: who had the item or its kind, the most active first
everyone as (
    select
        'takers in the audience' as task,
        'had it or its kind, then activity' as baseline,
        item_id,
        rank,
        is_taken,
        row_number() over (
            partition by item_id
            order by is_had desc, is_near desc, activity desc, {{ two_tower.stable_hash(['user_id']) }} asc
        ) as baseline_rank
    from pairs
),

never_had as (
    select
        'takers in the audience, never had it' as task,
        'activity' as baseline,
        item_id,
        rank,
        is_taken,
        row_number() over (
            partition by item_id order by activity desc, {{ two_tower.stable_hash(['user_id']) }} asc
        ) as baseline_rank
    from pairs
    where not is_had
),

both_tasks as (
    select * from everyone
    union all
    select * from never_had
),

judged as (
    select *, count(rank) over (partition by task, item_id) as places
    from both_tasks
),

final as (
    select
        'item_audiences' as list_type,
        task,
        baseline,
        item_id as unit_id,
        avg(is_taken) filter (where rank is not null) as value,
        avg(is_taken) filter (where baseline_rank <= places) as baseline_value
    from judged
    where places > 0
    group by task, baseline, item_id
)

select * from final
