{#- What is wrong with categories, availability, rules or exclusions is said before the training, not an hour later. -#}
{%- do ref('two_tower', 'item_categories') -%}
{%- if var('two_tower_merchandising') -%}
    {%- do ref('two_tower', 'unavailable_items') -%}
    {%- do ref('two_tower', 'excluded_items') -%}
{%- endif -%}
{%- set columns = two_tower.feature_columns('stg_items', ['item_id']) -%}
{%- set behaviour = two_tower.feature_columns('item_features', ['cutoff', 'item_id']) -%}
with

stages as (
    select * from {{ ref('two_tower', 'stages') }}
    where stage = vocabulary
),

-- what is embedded: with one vocabulary also the cutoff of the validation stage
served as (
    select * from {{ ref('two_tower', 'stages') }}
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
        known.item_id,
        items.* exclude (item_id)
    from stages
    inner join item_features as known on stages.cutoff = known.cutoff
    left join {{ ref('two_tower', 'stg_items') }} as items on known.item_id = items.item_id
),

encoded as (
    select
        entities.stage,
        {{ two_tower.encoded_columns(columns) }}
        entities.item_id
    from entities
    {{ two_tower.encoding_joins('item', columns) }}
),

reviews as (
    select
        codes.stage,
        reviews.* exclude (review_text),
        text_buckets(reviews.review_text, codes.code) as review_text
    from stages
    inner join codes on stages.stage = codes.stage and codes.feature = 'item.review_text'
    inner join {{ ref('two_tower', 'item_reviews') }} as reviews on stages.cutoff <= reviews.cutoff
),

behaviour as (
    select
        stages.stage,
        item_features.cutoff,
        {{ two_tower.behaviour_columns('item_features', behaviour) }}
        -- that a rare item has a code now would tell the past that it will be had
        case when {{ two_tower.is_coded('item_features') }} then coalesce(ids.code, 0) else 0 end as item_index,
        item_features.item_id,
        served.cutoff is not null as is_served
    from stages
    inner join item_features on stages.cutoff <= item_features.cutoff
    left join served on stages.stage = served.vocabulary and item_features.cutoff = served.cutoff
    left join codes as ids
        on
            stages.stage = ids.stage
            and ids.feature = 'item.item_id'
            and item_features.item_id = ids.value
),

-- what does not age stands in the rows that are served: once a cutoff, pictures would be most of the database
inputs as (
    select
        behaviour.*,
        encoded.* exclude (stage, item_id)
    from behaviour
    inner join encoded on behaviour.stage = encoded.stage and behaviour.item_id = encoded.item_id
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
        on inputs.stage = reviews.stage and inputs.cutoff = reviews.cutoff and inputs.item_id = reviews.item_id
)

select * from final
