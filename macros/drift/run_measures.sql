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


{% macro list_change() %}
    {#- Select of the share of list places whose item is another than in the set that readers see; no row before the first. -#}
    select
        'list_change',
        'recommendations',
        avg(if(served.item_id is null, 1.0, 0.0))
    from {{ ref('two_tower', 'recommendations') }} as lists
    left join (
        {{ two_tower.of_served_set('recommendations', {'user_id': 'varchar', 'rank': 'integer', 'item_id': 'varchar'}) }}
    ) as served on lists.user_id = served.user_id and lists.rank = served.rank and lists.item_id = served.item_id
{%- endmacro %}


{% macro measures_of_quality() %}
    {#- Select of recall by model and policy, and of the headroom of each gate. -#}
    {%- for name in ['recall_by_model', 'gates'] -%}
        {%- do ref('two_tower', name) -%}
    {%- endfor -%}
    {%- if not execute or two_tower.is_built('recall_by_model') and two_tower.is_built('gates') %}
    select
        'recall',
        concat(model, ', ', policy),
        recall
    from {{ ref('two_tower', 'recall_by_model') }}
    where slice = 'all' and k = {{ var('two_tower_gate_k') }}
    union all
    select
        'gate_headroom',
        concat_ws(', ', gate, model, policy, what),
        headroom
    from {{ ref('two_tower', 'gates') }}
    {%- else %}
    select
        'recall',
        '',
        0.0
    where false
    {%- endif -%}
{%- endmacro %}
