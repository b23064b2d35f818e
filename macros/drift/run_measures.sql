{% macro run_measures() %}
    {#- Select of what is measured of a run before it is published: measure, subject, value. -#}
    {%- do two_tower.attach_served_set() -%}
    {%- set interactions = ref('two_tower', 'stg_interactions') -%}
    {%- for input in ['interactions', 'users', 'items', 'reviews'] %}
    select
        'rows' as measure,
        {{ two_tower.literal(input) }} as subject,
        cast(count(*) as double) as value
    from {{ ref('two_tower', 'stg_' ~ input) }}
    union all
    {%- endfor %}
    select
        'newest_event',
        'interactions',
        cast(epoch(max(event_at)) as double)
    from {{ interactions }}
    union all
    select
        'events_per_day',
        'interactions',
        cast(count(*) as double) / 7
    from {{ interactions }}
    where event_at > (select max(event_at) - interval 7 day from {{ interactions }})
    union all
    select
        'active_users',
        'interactions',
        cast(count(distinct user_id) as double)
    from {{ interactions }}
    where event_at > (select max(event_at) - interval 7 day from {{ interactions }})
    {%- for entity in ['user', 'item'] %}
        {%- set name, key = 'stg_' ~ entity ~ 's', entity ~ '_id' -%}
        {%- set rows = ref('two_tower', name) %}
    union all
    select
        'known_keys',
        {{ two_tower.literal(entity ~ 's') }},
        avg(if(known.{{ key }} is null, 0.0, 1.0))
    from {{ interactions }} as interactions
    left join {{ rows }} as known on interactions.{{ key }} = known.{{ key }}
        {%- for column in two_tower.feature_columns(name, [key]) %}
    union all
    select
        'null_share',
        {{ two_tower.literal(entity ~ 's.' ~ column.name) }},
        coalesce(avg(if({{ two_tower.quoted(column.name) }} is null, 1.0, 0.0)), 1.0)
    from {{ rows }}
        {%- endfor -%}
    {%- endfor %}
    union all
    select
        'users_by_source',
        source,
        cast(count(*) as double)
    from {{ ref('two_tower', 'user_embeddings') }}
    where stage = 'production'
    group by source
    union all
    select
        'coverage',
        'recommendations',
        count(distinct item_id) / (select count(*) from {{ ref('two_tower', 'item_categories') }})
    from {{ ref('two_tower', 'recommendations') }}
    union all
    select
        'mean_chance',
        'recommendations',
        {{ two_tower.mean('score') }}
    from {{ ref('two_tower', 'recommendations') }}
    union all
    {{ two_tower.list_change() }}
    {%- if 'evaluation' in var('two_tower_stages') %}
    union all
    {{ two_tower.measures_of_quality() }}
    {%- endif -%}
{%- endmacro %}
