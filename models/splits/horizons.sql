{#- The validation horizon is the one before the first that is wanted. Its towers have not seen the window from which
    the ranker of that one learns. It shares that one's vocabulary. -#}
{%- set wanted = var('two_tower_horizons') -%}
{%- set first = 1 if 'evaluation' in wanted else 0 -%}
with

snapshots as (
    select * from {{ ref('two_tower', 'snapshots') }}
),

views as (
    select
        'production' as horizon,
        'production' as vocabulary,
        0 as snapshot
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
        views.horizon,
        views.vocabulary,
        snapshots.snapshot,
        snapshots.as_of
    from views
    inner join snapshots on views.snapshot = snapshots.snapshot
)

select * from final
