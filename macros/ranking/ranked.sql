{% macro ranked(candidates, stage) %}
    {#- Select of the candidates with the chance that the user takes them within the next window, by the ranker of the stage:
        user_id, item_id, is_repeat, found_by, tower_score, chance. -#}
    with

    rows_of_signals as (
        {{ two_tower.signals(candidates, 0 if stage == 'production' else 1) }}
    ),

    rankers as (
        select * from {{ ref('two_tower', 'ranker_registry') }} where stage = {{ two_tower.literal(stage) }}
    )

    select
        rows_of_signals.user_id,
        rows_of_signals.item_id,
        rows_of_signals.is_repeat,
        rows_of_signals.found_by,
        rows_of_signals.tower_score,
        cast({{ two_tower.embedded('rankers', 'ranker_model', 'rows_of_signals') }}[1] as double) as chance
    from rows_of_signals
    cross join rankers
{%- endmacro %}
