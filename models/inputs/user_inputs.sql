{{ config(materialized=two_tower.by_user()) }}
{%- set columns = two_tower.feature_columns('stg_users', ['user_id']) -%}
with

stages as (
    select * from {{ ref('two_tower', 'stages') }}
    where stage = vocabulary
),

user_features as (
    select * from {{ ref('two_tower', 'user_features') }}
),

item_features as (
    select * from {{ ref('two_tower', 'item_features') }}
),

codes as (
    select * from {{ ref('two_tower', 'feature_vocabulary') }}
),

entities as (
    select
        stages.stage,
        known.user_id,
        users.* exclude (user_id)
    from stages
    inner join user_features as known on stages.cutoff = known.cutoff
    left join {{ ref('two_tower', 'stg_users') }} as users on known.user_id = users.user_id
),

encoded as (
    select
        entities.stage,
        {{ two_tower.encoded_columns(columns) }}
        {{ two_tower.any_known('entities', columns) }} as has_features,
        entities.user_id
    from entities
    {{ two_tower.encoding_joins('user', columns) }}
),

histories as (
    select
        stages.stage,
        histories.cutoff,
        histories.user_id,
        {{ two_tower.history_lists('histories', 'codes.code') }}
    from stages
    inner join {{ two_tower.interests() }} as histories on stages.cutoff <= histories.cutoff
    inner join codes
        on
            stages.stage = codes.stage
            and codes.feature = 'item.item_id'
            and histories.item_id = codes.value
    inner join item_features
        on
            histories.cutoff = item_features.cutoff
            and histories.item_id = item_features.item_id
            and {{ two_tower.is_coded('item_features') }}
    where histories.position <= {{ var('two_tower_history_length') }}
    group by stages.stage, histories.cutoff, histories.user_id
),

final as (
    select
        encoded.stage,
        user_features.cutoff,
        encoded.* exclude (stage),
        histories.history_items is not null as has_history,
        histories.* exclude (stage, cutoff, user_id)
    from encoded
    inner join stages on encoded.stage = stages.stage
    inner join user_features
        on
            encoded.user_id = user_features.user_id
            and stages.cutoff <= user_features.cutoff
    left join histories
        on
            encoded.stage = histories.stage
            and user_features.cutoff = histories.cutoff
            and encoded.user_id = histories.user_id
)

select * from final
