{{ config(post_hook="{{ two_tower.warn_of_names() }}") }}
{%- set item_columns = two_tower.feature_columns('stg_items', ['item_id']) -%}
{%- set review_columns = [{'name': 'review_text', 'encoding': 'text'}] if var('two_tower_reviews') else [] -%}
{%- set user_columns = two_tower.feature_columns('stg_users', ['user_id']) -%}
with

stages as (
    select * from {{ ref('two_tower', 'stages') }}
    where stage = vocabulary
),

known_items as (
    select
        stages.stage,
        item_features.events,
        item_features.item_id as known_id,
        items.*
    from stages
    inner join {{ ref('two_tower', 'item_features') }} as item_features on stages.cutoff = item_features.cutoff
    left join {{ ref('two_tower', 'stg_items') }} as items on item_features.item_id = items.item_id
    where item_features.events > 0
),

-- nothing reads it where users have no categories, which is not known before the models are there
known_users as (  -- noqa: ST03
    select
        stages.stage,
        users.*
    from stages
    inner join {{ ref('two_tower', 'user_features') }} as user_features on stages.cutoff = user_features.cutoff
    inner join {{ ref('two_tower', 'stg_users') }} as users on user_features.user_id = users.user_id
    where user_features.interactions > 0
),

category_values as (
    {{ two_tower.feature_values('item', item_columns, 'known_items') }}
    {{ two_tower.feature_values('user', user_columns, 'known_users') }}
    select
        stage,
        'item.item_id' as feature,
        known_id as value
    from known_items
    where {{ two_tower.is_coded('known_items') }}
),

carried as (
    select
        stage,
        feature,
        value,
        count(*) as carriers
    from category_values
    where value is not null
    group by stage, feature, value
),

numbered as (
    select
        stage,
        feature,
        value,
        cast(row_number() over (partition by stage, feature order by carriers desc, value asc) as bigint) as code
    from carried
    -- what hardly ever stands in two rows are names: they would teach rows by heart, and say nothing of a new one
    qualify
        feature = 'item.item_id'
        or count(*) over (partition by stage, feature) < 100
        or count(*) filter (where carriers = 1) over (partition by stage, feature)
        <= 0.8 * sum(carriers) over (partition by stage, feature)
),

final as (
    select * from numbered
    {{ two_tower.text_sizes('item', item_columns + review_columns) }}
    {{ two_tower.text_sizes('user', user_columns) }}
)

select * from final
