{%- set columns = two_tower.feature_columns('stg_items', ['item_id']) -%}
{%- set behaviour = two_tower.feature_columns('item_features', ['snapshot', 'item_id']) -%}
with

horizons as (
    select * from {{ ref('two_tower', 'horizons') }}
    where horizon = vocabulary
),

-- what is embedded: with one vocabulary also the snapshot of the validation horizon
served as (
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
        entities.item_id
    from entities
    {{ two_tower.encoding_joins('item', columns) }}
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

behaviour as (
    select
        horizons.horizon,
        item_features.snapshot,
        {{ two_tower.behaviour_columns('item_features', behaviour) }}
        -- that a rare item has a code now would tell the past that it will be had
        case when {{ two_tower.is_coded('item_features') }} then coalesce(ids.code, 0) else 0 end as item_code,
        item_features.item_id,
        served.snapshot is not null as is_served
    from horizons
    inner join item_features on horizons.snapshot <= item_features.snapshot
    left join served on horizons.horizon = served.vocabulary and item_features.snapshot = served.snapshot
    left join codes as ids
        on
            horizons.horizon = ids.horizon
            and ids.feature = 'item.item_id'
            and item_features.item_id = ids.value
),

-- what does not age stands in the rows that are served: once a snapshot, pictures would be most of the database
inputs as (
    select
        behaviour.*,
        encoded.* exclude (horizon, item_id)
    from behaviour
    inner join encoded on behaviour.horizon = encoded.horizon and behaviour.item_id = encoded.item_id
    where behaviour.is_served
    union all by name
    select * from behaviour where not is_served
),

final as (
    select
        {{ two_tower.review_columns('reviews') }}
        inputs.* exclude (is_served)
    from inputs
    left join reviews
        on inputs.horizon = reviews.horizon and inputs.snapshot = reviews.snapshot and inputs.item_id = reviews.item_id
)

select * from final
