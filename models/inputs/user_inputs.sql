{%- set columns = two_tower.feature_columns('stg_users', ['user_id']) -%}
with

horizons as (
    select * from {{ ref('two_tower', 'horizons') }}
    where horizon = vocabulary
),

user_features as (
    select * from {{ ref('two_tower', 'user_features') }}
),

item_features as (
    select * from {{ ref('two_tower', 'item_features') }}
),

codes as (
    select * from {{ ref('two_tower', 'feature_codes') }}
),

entities as (
    select
        horizons.horizon,
        known.user_id,
        users.* exclude (user_id)
    from horizons
    inner join user_features as known on horizons.snapshot = known.snapshot
    left join {{ ref('two_tower', 'stg_users') }} as users on known.user_id = users.user_id
),

encoded as (
    select
        entities.horizon,
        {{ two_tower.encoded_columns(columns) }}
        {{ two_tower.any_known('entities', columns) }} as has_features,
        entities.user_id
    from entities
    {{ two_tower.encoding_joins('user', columns) }}
),

histories as (
    select
        horizons.horizon,
        histories.snapshot,
        histories.user_id,
        {{ two_tower.history_lists('histories', 'codes.code') }}
    from horizons
    inner join {{ ref('two_tower', 'user_histories') }} as histories on horizons.snapshot <= histories.snapshot
    inner join codes
        on
            horizons.horizon = codes.horizon
            and codes.feature = 'item.item_id'
            and histories.item_id = codes.value
    inner join item_features
        on
            histories.snapshot = item_features.snapshot
            and histories.item_id = item_features.item_id
            and {{ two_tower.is_coded('item_features') }}
    where histories.position <= {{ var('two_tower_history_length') }}
    group by horizons.horizon, histories.snapshot, histories.user_id
),

final as (
    select
        encoded.horizon,
        user_features.snapshot,
        encoded.* exclude (horizon),
        histories.history_items is not null as has_history,
        histories.* exclude (horizon, snapshot, user_id)
    from encoded
    inner join horizons on encoded.horizon = horizons.horizon
    inner join user_features
        on
            encoded.user_id = user_features.user_id
            and horizons.snapshot <= user_features.snapshot
    left join histories
        on
            encoded.horizon = histories.horizon
            and user_features.snapshot = histories.snapshot
            and encoded.user_id = histories.user_id
)

select * from final
