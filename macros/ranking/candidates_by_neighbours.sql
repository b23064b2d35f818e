{% macro candidates_by_neighbours(stage, n) %}
    {#- CTEs of macro candidates: what the newest items of the history speak for, and the n of these that the user never had for
        which they speak most. -#}
    neighbours as (
        select
            interests.user_id,
            weights.item_id,
            round(sum(ln(1 + interests.recency_weight) * weights.weight), 9) as neighbour_score,
            max(weights.weight) as best_similarity
        from interests
        inner join {{ ref('two_tower', 'item_weights') }} as weights
            on interests.item_id = weights.given_item_id and weights.stage = {{ two_tower.literal(stage) }}
        where interests.position <= {{ var('two_tower_neighbour_history') }}
        group by interests.user_id, weights.item_id
    ),

    by_neighbours as (
        select
            neighbours.user_id,
            neighbours.item_id
        from neighbours
        anti join known on neighbours.user_id = known.user_id and neighbours.item_id = known.item_id
        inner join users on neighbours.user_id = users.user_id
        anti join withheld on users.segment = withheld.segment and neighbours.item_id = withheld.item_id
        qualify
            row_number() over (
                partition by neighbours.user_id
                order by neighbours.neighbour_score desc, {{ two_tower.stable_hash(['neighbours.item_id']) }} asc
            ) <= {{ n }}
    ),
{%- endmacro %}
