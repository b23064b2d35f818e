{{ config(materialized=two_tower.by_user()) }}
{%- set measured = var('two_tower_evaluation_users') | int %}
with

splits as (
    select * from {{ ref('two_tower', 'interaction_splits') }}
),

cutoffs as (
    select * from {{ ref('two_tower', 'cutoffs') }}
),

histories as (
    select * from {{ ref('two_tower', 'user_histories') }}
),

targets as (
    select distinct
        cutoffs.cutoff,
        splits.user_id,
        splits.item_id,
        cutoffs.cutoff = 1 {%- if measured %}
            and {{ two_tower.stable_fraction(['splits.user_id'], 'evaluation') }} * cutoffs.target_users < {{ measured }}
        {%- endif %} as is_measured
    from cutoffs
    inner join splits on splits.window_number = cutoffs.cutoff - 1
),

final as (
    select
        targets.cutoff,
        targets.user_id,
        targets.item_id,
        histories.item_id is not null as is_repeat,
        targets.is_measured
    from targets
    left join histories
        on
            targets.cutoff = histories.cutoff
            and targets.user_id = histories.user_id
            and targets.item_id = histories.item_id
)

select * from final
