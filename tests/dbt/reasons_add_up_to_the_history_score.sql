-- the contributions of all history items add up to the history's part of the score; here the user's vector is summed
-- first, for one user in twenty
with

lists as (
    select * from {{ ref('two_tower', 'recommendations') }}
    where source = 'history' and {{ two_tower.stable_fraction(['user_id']) }} < 0.05
),

items as (
    select * from {{ ref('two_tower', 'item_embeddings') }} where stage = 'production'
),

dimensions as (
    select unnest(range(1, {{ var('two_tower_dim') }} + 1)) as dimension
),

users as (
    select distinct user_id from lists
),

-- the part of the user's embedding that is made of the history, one dimension a row
parts as (
    select
        weights.user_id,
        dimensions.dimension,
        sum(weights.weight * items.embedding[dimensions.dimension]) as value
    from {{ ref('two_tower', 'history_attributions') }} as weights
    inner join items on weights.item_id = items.item_id
    cross join dimensions
    semi join users on weights.user_id = users.user_id
    group by weights.user_id, dimensions.dimension
),

validation_errors as (
    select
        lists.user_id,
        lists.item_id,
        any_value(lists.history_score) as history_score,
        sum(parts.value * items.embedding[parts.dimension]) as expected_score
    from lists
    inner join items on lists.item_id = items.item_id
    inner join parts on lists.user_id = parts.user_id
    group by lists.user_id, lists.item_id
)

select * from validation_errors
where abs(history_score - expected_score) > 1e-4 or history_score is null
