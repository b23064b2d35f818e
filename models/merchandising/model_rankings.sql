{%- set has_rules = var('two_tower_merchandising_rules') or var('two_tower_caps') -%}
{%- set k = var('two_tower_k') | int -%}
{%- set depth = [k, var('two_tower_rank_depth') | int] | max if has_rules else k -%}
with

users as (
    select * from {{ ref('two_tower', 'user_vectors') }}
),

{% if depth > k -%}
items as (
    select * from {{ ref('two_tower', 'item_vectors') }}
),

exclusions as (
    select * from {{ ref('two_tower', 'excluded_items') }}
),

withheld as (
    select
        segment,
        item_id,
        '-infinity' as amount
    from {{ ref('two_tower', 'unavailable_items') }}
),

{% endif -%}
best_of_categories as (
    select
        user_id,
        item_id,
        score,
        cast(
            row_number() over (
                partition by user_id
                order by score desc, {{ two_tower.stable_hash(['item_id']) }} asc, item_id asc
            ) as integer
        ) as rank
    from {{ ref('two_tower', 'recommendations_by_category') }}
),

ranked as (
    {% if depth > k -%}
        {{ two_tower.top_k_lists('users', 'items', depth, 'exclusions', 'withheld') }}
    {%- else -%}
        -- the best of all are among the best of each category: all scores are worked out once
        select * from best_of_categories where rank <= {{ depth }}
    {%- endif %}
),

final as (
    select
        ranked.user_id,
        ranked.rank as model_rank,
        ranked.item_id,
        ranked.score,
        users.segment,
        users.run_id,
        users.source
    from ranked
    inner join users on ranked.user_id = users.user_id
)

select * from final
