with

lists as (
    {{ two_tower.recommendations_by_category('evaluation') }}
),

categories as (
    select * from {{ ref('two_tower', 'item_categories') }}
),

taken as (
    select user_id, item_id from {{ ref('two_tower', 'cutoff_targets') }}
    where is_measured {{ 'and not is_repeat' if var('two_tower_policy') == 'unseen_only' }}
),

-- one line of SQL: the popular items of the category, on as many places
popular as (
    select
        categories.category,
        features.item_id,
        row_number() over (
            partition by categories.category
            order by
                features.recent_users desc,
                features.users desc,
                {{ two_tower.stable_hash(['features.item_id']) }} asc
        ) as rank
    from {{ ref('two_tower', 'item_features') }} as features
    inner join categories on features.item_id = categories.item_id
    where features.cutoff = 1
    qualify rank <= {{ var('two_tower_k') }}
),

final as (
    select
        'recommendations_by_category' as list_type,
        'places whose item is taken' as task,
        'popular items of the category' as baseline,
        lists.user_id as unit_id,
        avg(cast(taken.item_id is not null as integer)) as value,
        avg(cast(popular_taken.item_id is not null as integer)) as baseline_value
    from lists
    left join taken on lists.user_id = taken.user_id and lists.item_id = taken.item_id
    left join popular on lists.category = popular.category and lists.rank = popular.rank
    left join taken as popular_taken
        on lists.user_id = popular_taken.user_id and popular.item_id = popular_taken.item_id
    group by lists.user_id
)

select * from final
