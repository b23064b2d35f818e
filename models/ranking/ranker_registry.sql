{%- set tables = {} -%}
{%- for name in ['model_registry', 'feature_vocabulary', 'item_weights'] -%}
    {%- do tables.update({name: ref('two_tower', name)}) -%}
{%- endfor -%}
with

ranker_runs as (
    select * from {{ ref('two_tower', 'ranker_runs') }}
),

registered as (
    select
        stage,
        run_id,
        max(text) filter (where kind = 'artifact') as ranker_model,
        max(text) filter (where kind = 'sha256') as ranker_model_sha256,
        max(text) filter (where kind = 'metadata' and name = 'order_by') as order_by,
        cast(max(value) filter (where kind = 'recall' and name = 'ranker') as double) as ranker_recall,
        cast(max(value) filter (where kind = 'recall' and name = 'towers') as double) as towers_recall,
        cast(max(value) filter (where kind = 'count' and name = 'pairs') as bigint) as pairs,
        cast(max(value) filter (where kind = 'count' and name = 'users') as bigint) as users,
        cast(max(value) filter (where kind = 'duration') as double) as seconds,
        cast(max(text) filter (where kind = 'metadata' and name = 'trained_at') as timestamp) as trained_at
    from ranker_runs
    group by stage, run_id
),

final as (
    select
        *,
        {{ two_tower.learned_with('registered.stage', tables) }} as learned_with
    from registered
)

select * from final
