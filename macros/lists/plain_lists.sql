{% macro plain_lists() %}
    {#- Select of the published lists without rules: the first two_tower_k of the model's own. -#}
    select
        user_id,
        model_rank as rank,
        item_id,
        score,
        cast(0 as double) as boost,
        model_rank,
        cast([] as varchar[]) as applied_rules,
        run_id,
        source
    from {{ ref('two_tower', 'model_rankings') }}
    where model_rank <= {{ var('two_tower_k') }}
{%- endmacro %}
