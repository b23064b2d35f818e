{% macro chances(stage) %}
    {#- Select of all candidates of a stage with the chance that the user takes them within the next window: user_id, item_id,
        is_repeat, chance, source. -#}
    select
        user_id,
        item_id,
        is_repeat,
        {{ 'score' if stage == 'production' else 'chance' }} as chance,
        {{ 'source' if stage == 'production' else "case when tower_score is null then 'popularity' else 'history' end" }} as source
    from {{ ref('two_tower', 'ranked_candidates' if stage == 'production' else 'evaluated_candidates') }}
{%- endmacro %}
