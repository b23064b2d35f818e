{%- set columns = two_tower.feature_columns('stg_items', ['item_id']) -%}
{%- set behaviour = two_tower.feature_columns('item_features', ['snapshot', 'item_id']) -%}
with

horizons as (
    select * from {{ ref('two_tower', 'horizons') }}
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
        known.item_id,
        items.* exclude (item_id)
    from horizons
    inner join item_features as known on horizons.snapshot = known.snapshot
    left join {{ ref('two_tower', 'stg_items') }} as items on known.item_id = items.item_id
),

encoded as (
    select
        entities.horizon,
        {{ two_tower.encoded_columns(columns) }}
        coalesce(ids.code, 0) as item_code,
        entities.item_id
    from entities
    {{ two_tower.encoding_joins('item', columns) }}
    left join codes as ids
        on
            entities.horizon = ids.horizon
            and ids.feature = 'item.item_id'
            and entities.item_id = ids.value
),

reviews as (
    select
        codes.horizon,
        reviews.* exclude (review_text),
        text_buckets(reviews.review_text, codes.code) as review_text
    from horizons
    inner join codes on horizons.horizon = codes.horizon and codes.feature = 'item.review_text'
    inner join {{ ref('two_tower', 'item_reviews') }} as reviews on horizons.snapshot <= reviews.snapshot
),

final as (
    select
        encoded.horizon,
        item_features.snapshot,
        {{ two_tower.behaviour_columns('item_features', behaviour) }}
        {{ two_tower.review_columns('reviews') }}
        encoded.* exclude (horizon)
    from encoded
    inner join horizons on encoded.horizon = horizons.horizon
    inner join item_features
        on
            encoded.item_id = item_features.item_id
            and horizons.snapshot <= item_features.snapshot
    left join reviews
        on
            encoded.horizon = reviews.horizon
            and item_features.snapshot = reviews.snapshot
            and encoded.item_id = reviews.item_id
)

select * from final
