{#- Of the stages that have towers all candidates; of older windows what users had, of which no tower is asked. -#}
{%- set has_evaluation = 'evaluation' in var('two_tower_stages') -%}
{%- set validation = 2 if has_evaluation else 1 -%}
{%- set windows = {'validation': validation} -%}
{%- do windows.update({'evaluation': 1} if has_evaluation else {}) -%}
{%- set older = range(validation + 1, validation + 1 + var('two_tower_ranker_older_windows') | int) | list -%}
with

targets as (
    select
        cutoff,
        user_id,
        item_id,
        count(*) over (partition by cutoff, user_id) as user_targets
    from {{ ref('two_tower', 'cutoff_targets') }}
),

-- few of very many users are enough to learn from
taught as (
    select distinct
        cutoff,
        user_id,
        user_targets
    from targets
    qualify
        dense_rank() over (partition by cutoff order by {{ two_tower.stable_hash(['user_id']) }} asc)
        <= {{ var('two_tower_ranker_users') }}
),

{% for stage, cutoff in windows.items() -%}
    candidates_{{ cutoff }} as (
        select candidates.*
        from {{ ref('two_tower', 'learning_candidates') }} as candidates
        semi join taught on candidates.user_id = taught.user_id and taught.cutoff = {{ cutoff }}
        where candidates.stage = {{ two_tower.literal(stage) }}
    ),

{% endfor -%}
{% for cutoff in older -%}
    candidates_{{ cutoff }} as (
        select
            'older' as stage,
            histories.user_id,
            histories.item_id,
            true as is_repeat,
            ['history'] as found_by,
            cast(null as float) as sequence_score,
            cast(null as float) as factors_score,
            cast(null as float) as features_score,
            cast(null as double) as neighbour_score,
            cast(null as double) as best_similarity
        from {{ ref('two_tower', 'user_histories') }} as histories
        semi join taught on histories.user_id = taught.user_id and taught.cutoff = {{ cutoff }}
        where
            histories.cutoff = {{ cutoff }}
            and histories.position <= {{ var('two_tower_history_length') if two_tower.may_repeat() else 0 }}
    ),

{% endfor -%}
{% for cutoff in windows.values() | list + older -%}
    signals_{{ cutoff }} as (
        {{ two_tower.signals('candidates_' ~ cutoff, cutoff) }}
    ),

{% endfor -%}
signals as (
    {%- for cutoff in windows.values() | list + older %}
        select
            {{ cutoff }} as cutoff,
            *
        from signals_{{ cutoff }}
        {%- if not loop.last %}
            union all
        {%- endif %}
    {%- endfor %}
),

final as (
    select
        signals.*,
        targets.item_id is not null as is_taken,
        cast(taught.user_targets as integer) as user_targets
    from signals
    inner join taught on signals.cutoff = taught.cutoff and signals.user_id = taught.user_id
    left join targets
        on
            signals.cutoff = targets.cutoff
            and signals.user_id = targets.user_id
            and signals.item_id = targets.item_id
)

select * from final
