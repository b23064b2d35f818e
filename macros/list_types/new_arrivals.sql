{% macro new_arrivals(stage) %}
    {#- Select of the best of what came lately for each user, of what they never had: user_id, rank, item_id, score. -#}
    with

    arrivals as (
        {{ two_tower.arrivals(stage) }}
    ),

    chances as (
        {{ two_tower.chances(stage) }}
    )

    select
        chances.user_id,
        cast(
            row_number() over (
                partition by chances.user_id
                order by chances.chance desc, {{ two_tower.stable_hash(['chances.item_id']) }} asc
            ) as integer
        ) as rank,
        chances.item_id,
        chances.chance as score
    from chances
    inner join arrivals on chances.item_id = arrivals.item_id
    where not chances.is_repeat
    qualify rank <= {{ var('two_tower_k') }}
{%- endmacro %}
