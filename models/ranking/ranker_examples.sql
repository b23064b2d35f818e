{%- set horizons = ['validation'] + (['evaluation'] if 'evaluation' in var('two_tower_horizons') else []) -%}
with

candidates as (
    select * from {{ ref('two_tower', 'learning_candidates') }}
),

-- few of very many users are enough to learn from
taught as (
    select distinct horizon, user_id from candidates
    qualify
        dense_rank() over (partition by horizon order by {{ two_tower.stable_hash(['user_id']) }})
        <= {{ var('two_tower_ranker_users') }}
),

sampled as (
    select candidates.*
    from candidates
    semi join taught on candidates.horizon = taught.horizon and candidates.user_id = taught.user_id
),

targets as (
    select
        horizons.horizon,
        targets.user_id,
        targets.item_id
    from {{ ref('two_tower', 'horizons') }} as horizons
    inner join {{ ref('two_tower', 'snapshot_targets') }} as targets on horizons.snapshot = targets.snapshot
),

wanted as (
    select
        horizon,
        user_id,
        count(*) as targets
    from targets
    group by horizon, user_id
),

{% for horizon in horizons -%}
of_{{ horizon }} as (
    {{ two_tower.signals('sampled', horizon) }}
),

{% endfor -%}
all_of_them as (
    {% for horizon in horizons -%}
    select * from of_{{ horizon }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

final as (
    select
        all_of_them.*,
        targets.item_id is not null as is_taken,
        cast(wanted.targets as integer) as user_targets
    from all_of_them
    inner join wanted on all_of_them.horizon = wanted.horizon and all_of_them.user_id = wanted.user_id
    left join targets
        on
            all_of_them.horizon = targets.horizon
            and all_of_them.user_id = targets.user_id
            and all_of_them.item_id = targets.item_id
)

select * from final
