{#- The lists as they are published, and those of the towers alone, for the users of the test window. -#}
with

candidates as (
    select * from {{ ref('two_tower', 'evaluated_candidates') }}
),

rankers as (
    select run_id from {{ ref('two_tower', 'ranker_registry') }} where stage = 'evaluation'
),

policies as (
    {{ two_tower.rows_of('policy', var('two_tower_policies')) }}
),

scores as (
    select 'two_tower' as model, user_id, item_id, is_repeat, chance as score, tower_score from candidates
    union all
    select 'towers', user_id, item_id, is_repeat, tower_score as score, tower_score from candidates
    where tower_score is not null
),

final as (
    select
        scores.model,
        policies.policy,
        scores.user_id,
        cast(
            row_number() over (
                partition by scores.model, policies.policy, scores.user_id
                order by scores.score desc, {{ two_tower.stable_hash(['scores.item_id']) }} asc, scores.item_id asc
            ) as integer
        ) as rank,
        scores.item_id,
        scores.score,
        rankers.run_id,
        case when scores.tower_score is null then 'popularity' else 'history' end as source
    from scores
    cross join rankers
    inner join policies on policies.policy = 'allow_repeats' or not scores.is_repeat
    qualify rank <= {{ var('two_tower_evaluation_k') }}
)

select * from final
