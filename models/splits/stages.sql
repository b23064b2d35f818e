{#- The validation stage is the one before the first that is wanted. Its towers have not seen the window from which
    the ranker of that one learns. It shares that one's vocabulary. -#}
{%- set wanted = var('two_tower_stages') -%}
{%- set first = 1 if 'evaluation' in wanted else 0 -%}
with

cutoffs as (
    select * from {{ ref('two_tower', 'cutoffs') }}
),

views as (
    select
        'production' as stage,
        'production' as vocabulary,
        0 as cutoff
    where {{ 'production' in wanted }}
    union all
    select
        'evaluation',
        'evaluation',
        1
    where {{ 'evaluation' in wanted }}
    union all
    select
        'validation',
        {{ two_tower.literal('evaluation' if first else 'production') }},
        {{ first + 1 }}
),

final as (
    select
        views.stage,
        views.vocabulary,
        cutoffs.cutoff,
        cutoffs.as_of,
        cutoffs.now_at
    from views
    inner join cutoffs on views.cutoff = cutoffs.cutoff
)

select * from final
