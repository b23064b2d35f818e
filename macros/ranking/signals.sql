{% macro signals(candidates, cutoff) %}
    {#- Select of the candidates with all that the ranker reads: the columns of `candidates`, and one number per signal. A signal is NULL
        where there is nothing to know: the ranker is told so. What counts is what was known as of the cutoff. What towers and
        neighbours say is a signal for what the user never had: the rest is known exactly. -#}
    {%- set scores = ['sequence_score', 'factors_score', 'features_score', 'neighbour_score', 'best_similarity'] -%}
    {%- set columns = two_tower.feature_columns('stg_items', ['item_id']) | selectattr('encoding', 'equalto', 'category') | list %}
    {%- set types = two_tower.other_event_types() %}
    with

    users as (
        select distinct user_id from {{ candidates }}
    ),

    own_histories as (
        select histories.*
        from {{ ref('two_tower', 'user_histories') }} as histories
        semi join users on histories.user_id = users.user_id
        where histories.cutoff = {{ cutoff }}
    ),

    events as (
        select
            splits.user_id,
            splits.item_id,
            splits.event_at,
            cutoffs.last_at as end_at
        from {{ ref('two_tower', 'interaction_splits') }} as splits
        inner join {{ ref('two_tower', 'cutoffs') }} as cutoffs on cutoffs.cutoff = {{ cutoff }}
        where {{ two_tower.is_history('splits.window_number', cutoff) }}
    ),

    -- sums of fractions are rounded, for they depend on the order in which threads add them up.
    -- weights as of the end of all data, which the time since the user's last event turns into those as of the cutoff
    purchases as (
        select
            user_id,
            item_id,
            count(distinct date_trunc('day', event_at)) as days,
            {% for days in [30, 90] -%}
            round(
                sum(power(2, -{{ two_tower.days_between('event_at', 'end_at') }} / {{ days }}))
                / nullif(max(power(2, -{{ two_tower.days_between('event_at', 'end_at') }} / {{ days }})), 0), 9
            ) as weight_{{ days }}{{ ',' if not loop.last }}
            {% endfor %}
        from events
        group by user_id, item_id
    ),

    activity as (
        select
            user_id,
            count(distinct date_trunc('day', event_at)) as days
        from events
        semi join users on events.user_id = users.user_id
        group by user_id
    ),

    novelty as (
        select
            user_id,
            count(*) as items,
            count(*) filter (where is_recent) as recent_items,
            count(*) filter (where days_since_first < {{ var('two_tower_test_days') }})
            / nullif(count(*) filter (where days_since_last < {{ var('two_tower_test_days') }}), 0) as new_share
        from own_histories
        group by user_id
    ),

    {{ two_tower.signals_of_categories(columns, cutoff) }}

    {{ two_tower.signals_of_events(types, cutoff) }}

    {{ two_tower.signals_of_groups(cutoff) }}

    features as (
        select features.*
        from {{ ref('two_tower', 'item_features') }} as features
        where features.cutoff = {{ cutoff }}
    )

    select
        candidates.* exclude ({{ ', '.join(scores) }}),
        cast(candidates.sequence_score + candidates.factors_score + candidates.features_score as float) as tower_score,
        {%- for score in scores %}
        cast(case when not candidates.is_repeat then candidates.{{ score }} end as float) as {{ score }},
        {%- endfor %}
        cast(histories.interactions as float) as interactions,
        cast(purchases.days as float) as purchase_days,
        cast(purchases.weight_30 * power(2, -histories.days_since_last / 30) as float) as recency_30,
        cast(purchases.weight_90 * power(2, -histories.days_since_last / 90) as float) as recency_90,
        cast(histories.recency_weight as float) as recency_weight,
        cast(histories.days_since_last as float) as days_since_last,
        cast(histories.days_since_first as float) as days_since_first,
        cast(histories.interval_days as float) as interval_days,
        cast(histories.days_since_last / (histories.interval_days + 1) as float) as due,
        cast(histories.days_since_last / (features.return_days + 1) as float) as item_due,
        cast(features.return_share as float) as item_return_share,
        cast(case when features.users > 0 then features.users * coalesce(profile_lifts.lift, 1) end as float) as item_users,
        cast(case when features.users > 0 then features.recent_users * coalesce(profile_lifts.lift, 1) end as float) as item_recent_users,
        cast(case when features.users > 0 then features.new_users * coalesce(profile_lifts.lift, 1) end as float) as item_new_users,
        cast(novelty.items as float) as user_items,
        cast(novelty.recent_items as float) as user_recent_items,
        cast(novelty.new_share as float) as user_new_share,
        cast(activity.days as float) as user_active_days
        {%- for column in columns %},
        cast(of_{{ loop.index }}.share as float) as {{ two_tower.quoted('share_of_' ~ column.name) }},
        cast(of_{{ loop.index }}.days as float) as {{ two_tower.quoted('days_since_same_' ~ column.name) }}
        {%- endfor %}
        {%- for type in types %},
        cast(coalesce(events_{{ loop.index }}.events, 0) as float) as {{ two_tower.quoted('events_of_' ~ type) }},
        cast(events_{{ loop.index }}.days as float) as {{ two_tower.quoted('days_since_event_' ~ type) }},
        cast(coalesce(item_events_{{ loop.index }}.users, 0) as float) as {{ two_tower.quoted('item_users_of_' ~ type) }}
        {%- endfor %}
    from {{ candidates }} as candidates
    inner join features on candidates.item_id = features.item_id
    left join own_histories as histories on candidates.user_id = histories.user_id and candidates.item_id = histories.item_id
    left join purchases on candidates.user_id = purchases.user_id and candidates.item_id = purchases.item_id
    left join novelty on candidates.user_id = novelty.user_id
    left join activity on candidates.user_id = activity.user_id
    left join profiles on candidates.user_id = profiles.user_id
    left join profile_lifts on profiles.profile = profile_lifts.profile and candidates.item_id = profile_lifts.item_id
    left join {{ ref('two_tower', 'stg_items') }} as items on candidates.item_id = items.item_id
    {%- for column in columns %}
    left join of_{{ loop.index }}
        on candidates.user_id = of_{{ loop.index }}.user_id and items.{{ two_tower.quoted(column.name) }} = of_{{ loop.index }}.value
    {%- endfor %}
    {%- for type in types %}
    left join events_{{ loop.index }}
        on candidates.user_id = events_{{ loop.index }}.user_id and candidates.item_id = events_{{ loop.index }}.item_id
    left join item_events_{{ loop.index }} on candidates.item_id = item_events_{{ loop.index }}.item_id
    {%- endfor %}
{%- endmacro %}
