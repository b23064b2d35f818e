with

candidates as (
    select * from {{ ref('two_tower', 'evaluated_candidates') }}
),

targets as (
    select * from {{ ref('two_tower', 'cutoff_targets') }} where is_measured
),

pairs as (
    select
        least(cast(floor(candidates.chance * 10) as integer), 9) + 1 as bin,
        candidates.chance,
        targets.item_id is not null as is_taken
    from candidates
    left join targets on candidates.user_id = targets.user_id and candidates.item_id = targets.item_id
),

final as (
    select
        bin,
        count(*) as pairs,
        {{ two_tower.mean('chance') }} as said,
        avg(cast(is_taken as integer)) as happened
    from pairs
    group by bin
)

select * from final
