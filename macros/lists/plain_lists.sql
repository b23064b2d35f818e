{% macro plain_lists() %}
    {#- Select of the published lists without rules: the first two_tower_k of the ranker's own. -#}
    select
        user_id,
        rank,
        item_id,
        score,
        worth,
        cast(0 as double) as boost,
        rank as model_rank,
        cast([] as varchar[]) as applied_rules,
        is_repeat,
        run_id,
        source
    from {{ ref('two_tower', 'ranked_candidates') }}
    where rank <= {{ var('two_tower_k') }}
{%- endmacro %}
