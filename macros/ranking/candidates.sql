{% macro candidates(stage) %}
    {#- Select of what the ranker orders for the users of a stage: user_id, item_id, is_repeat, found_by, and the scores of the towers
        and of the neighbours. Candidates are the best by the towers, by item neighbours, by popularity and of what came lately, of what the user
        never had, and what the user had, where repeats are of interest. In production only what the user may be shown.
        Popularity alone fills the list of a user of whom nothing is known. -#}
    {%- set serves = stage == 'production' -%}
    {%- set longest = [var('two_tower_k') | int, var('two_tower_evaluation_k') | int] | max -%}
    {%- set n = [var('two_tower_candidates') | int, longest] | max -%}
    {%- set rules = serves and var('two_tower_merchandising') and var('two_tower_merchandising_rules') -%}
    with

    stage as (
        select * from {{ ref('two_tower', 'stages') }} where stage = {{ two_tower.literal(stage) }}
    ),

    users as (
        {%- if serves %}
        select user_id, segment from {{ ref('two_tower', 'user_segments') }}
        {%- elif stage == 'evaluation' %}
        select user_id, 'all' as segment from ({{ two_tower.evaluated_users() }})
        {%- else %}
        select distinct
            targets.user_id,
            'all' as segment
        from {{ ref('two_tower', 'cutoff_targets') }} as targets
        inner join stage on targets.cutoff = stage.cutoff
        qualify dense_rank() over (order by {{ two_tower.stable_hash(['targets.user_id']) }} asc) <= {{ var('two_tower_ranker_users') }}
        {%- endif %}
    ),

    {#- what nobody of a segment, and what a single user may not be shown -#}
    withheld as (
        {%- if serves %}
        select segment, item_id, '-infinity' as amount from {{ two_tower.unavailable_items() }}
        {%- else %}
        select 'none' as segment, 'none' as item_id, '-infinity' as amount where false
        {%- endif %}
    ),

    interests as (
        select interests.*
        from {{ two_tower.interests() }} as interests
        inner join stage on interests.cutoff = stage.cutoff
        semi join users on interests.user_id = users.user_id
    ),

    seen as (
        select user_id, item_id, position from interests where interactions > 0
    ),

    excluded as (
        {%- if serves %}
        select user_id, item_id from {{ ref('two_tower', 'excluded_items') }} where reason <> 'had before'
        {%- else %}
        select user_id, item_id from interests where recency_weight < 0
        {%- endif %}
    ),

    known as (
        select user_id, item_id from seen
        union
        select user_id, item_id from excluded
    ),

    {#- read again where it is asked for: all embeddings of the catalogue would be held until the end -#}
    items as not materialized (
        select embeddings.item_id, embeddings.embedding
        from {{ ref('two_tower', 'item_embeddings') }} as embeddings
        where embeddings.stage = {{ two_tower.literal(stage) }}
    ),

    embedded as not materialized (
        select
            users.user_id,
            users.segment,
            embeddings.embedding
        from users
        inner join {{ ref('two_tower', 'user_embeddings') }} as embeddings on users.user_id = embeddings.user_id
        where embeddings.stage = {{ two_tower.literal(stage) }} and embeddings.source = 'history'
    ),

    by_towers as (
        {{ two_tower.top_k_lists('embedded', 'items', n, 'known', 'withheld') }}
    ),

    {{ two_tower.candidates_by_neighbours(stage, n // 2) }}

    {{ two_tower.candidates_by_popularity([n // 2, longest] | max) }}

    {{ two_tower.candidates_by_arrival(stage, var('two_tower_k')) }}

    {#- what the user had, where repeats are of interest -#}
    {{ two_tower.candidates_by_events('repeats', 'seen', 'excluded', two_tower.may_repeat()) }}

    {#- what the user turned to by events that are no targets, and never had -#}
    {{ two_tower.candidates_by_events('by_interest', 'interests', 'known', two_tower.tells_types_apart()) }}

    {%- if rules %}
    {{ two_tower.candidates_by_rules(n) }}
    {%- endif %}

    found as (
        select user_id, item_id, 'history' as source from repeats
        union all
        select user_id, item_id, 'interest' from by_interest
        union all
        select user_id, item_id, 'towers' from by_towers
        union all
        select user_id, item_id, 'neighbours' from by_neighbours
        union all
        select user_id, item_id, 'arrivals' from by_arrival
        union all
        select user_id, item_id, 'popularity' from by_popularity
        {%- if rules %}
        union all
        select user_id, item_id, 'rules' from by_rules
        {%- endif %}
    ),

    pairs as (
        select
            user_id,
            item_id,
            list_sort(list(distinct source), 'asc', 'nulls last') as found_by
        from found
        group by user_id, item_id
    ),

    {#- before the embeddings, which no join should have to keep for all pairs -#}
    told as (
        select
            pairs.*,
            seen.item_id is not null as is_repeat,
            neighbours.neighbour_score,
            neighbours.best_similarity
        from pairs
        left join seen on pairs.user_id = seen.user_id and pairs.item_id = seen.item_id
        left join neighbours on pairs.user_id = neighbours.user_id and pairs.item_id = neighbours.item_id
    ),

    {{ two_tower.embedding_parts(stage) }}

    select
        {{ two_tower.literal(stage) }} as stage,
        told.user_id,
        told.item_id,
        told.is_repeat,
        told.found_by,
        list_inner_product(user_parts.sequence, item_parts.sequence) as sequence_score,
        list_inner_product(user_parts.factors, item_parts.factors) as factors_score,
        list_inner_product(user_parts.features, item_parts.features) as features_score,
        told.neighbour_score,
        told.best_similarity
    from told
    inner join item_parts on told.item_id = item_parts.item_id
    left join user_parts on told.user_id = user_parts.user_id
{%- endmacro %}
