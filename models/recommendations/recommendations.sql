{{ config(materialized=two_tower.by_user(), post_hook=[
    "{{ two_tower.create_recommend_for() }}",
    "{{ two_tower.create_recommend_for_items() }}",
    "{{ two_tower.create_rank_items_for() }}",
    "{{ two_tower.create_why() }}",
]) }}
-- what check_lists holds the lists against
-- depends_on: {{ ref('two_tower', 'stg_users') }}
-- depends_on: {{ ref('two_tower', 'stg_interactions') }}
-- depends_on: {{ ref('two_tower', 'user_segments') }}
-- depends_on: {{ ref('two_tower', 'item_categories') }}
-- depends_on: {{ two_tower.unavailable_items() }}
-- depends_on: {{ ref('two_tower', 'excluded_items') }}

with

stages as (
    select * from {{ ref('two_tower', 'stages') }}
    where stage = 'production'
),

lists as (
    {% if var('two_tower_merchandising') and (var('two_tower_merchandising_rules') or var('two_tower_caps')) -%}
        {{ two_tower.ruled_lists() }}
    {%- else -%}
        {{ two_tower.plain_lists() }}
    {%- endif %}
),

reasons as (
    {{ two_tower.listed_reasons('lists') }}
),

final as (
    select
        lists.user_id,
        {{ two_tower.label_of('lists.user_id') }},
        lists.rank,
        lists.item_id,
        {{ two_tower.label_of('lists.item_id') }},
        lists.score,
        lists.worth,
        lists.boost,
        lists.model_rank,
        lists.applied_rules,
        reasons.history_score,
        reasons.reasons,
        lists.run_id,
        stages.as_of as features_as_of,
        lists.source
    from lists
    cross join stages
    left join reasons
        on
            lists.user_id = reasons.user_id
            and lists.item_id = reasons.item_id
)

select * from final
