{% macro candidates(horizon) %}
    {#- Select of what the ranker orders for the users of a horizon: user_id, item_id, is_repeat, found_by, and the scores of the towers
        and of the neighbours. Candidates are the best by the towers, by item neighbours and by popularity of what the user
        never had, and what the user had, where repeats are of interest. In production only what the user may be shown. -#}
    {%- set serves = horizon == 'production' -%}
    {%- set n = [var('two_tower_candidates') | int, var('two_tower_k') | int, var('two_tower_evaluation_k') | int] | max -%}
    {%- set rules = serves and var('two_tower_merchandising_rules') -%}
    with

    horizon as (
        select * from {{ ref('two_tower', 'horizons') }} where horizon = '{{ horizon }}'
    ),

    users as (
        {%- if serves %}
        select user_id, segment from {{ ref('two_tower', 'user_segments') }}
        {%- else %}
        select distinct
            targets.user_id,
            'all' as segment
        from {{ ref('two_tower', 'snapshot_targets') }} as targets
        inner join horizon on targets.snapshot = horizon.snapshot
        {%- if horizon == 'validation' %}
        qualify dense_rank() over (order by {{ two_tower.stable_hash(['targets.user_id']) }}) <= {{ var('two_tower_ranker_users') }}
        {%- endif %}
        {%- endif %}
    ),

    {#- what nobody of a segment, and what a single user may not be shown -#}
    withheld as (
        {%- if serves %}
        select segment, item_id, '-infinity' as amount from {{ ref('two_tower', 'unavailable_items') }}
        {%- else %}
        select 'none' as segment, 'none' as item_id, '-infinity' as amount where false
        {%- endif %}
    ),

    excluded as (
        {%- if serves %}
        select user_id, item_id from {{ ref('two_tower', 'excluded_items') }}
        {%- else %}
        select 'none' as user_id, 'none' as item_id where false
        {%- endif %}
    ),

    had as (
        select
            histories.user_id,
            histories.item_id,
            histories.position,
            histories.recency_weight
        from {{ ref('two_tower', 'user_histories') }} as histories
        inner join horizon on histories.snapshot = horizon.snapshot
        semi join users on histories.user_id = users.user_id
    ),

    known as (
        select user_id, item_id from had
        union
        select user_id, item_id from excluded
    ),

    items as (
        select embeddings.item_id, embeddings.embedding
        from {{ ref('two_tower', 'item_embeddings') }} as embeddings
        where embeddings.horizon = '{{ horizon }}'
    ),

    embedded as (
        select
            users.user_id,
            users.segment,
            embeddings.embedding
        from users
        inner join {{ ref('two_tower', 'user_embeddings') }} as embeddings on users.user_id = embeddings.user_id
        where embeddings.horizon = '{{ horizon }}' and embeddings.source = 'history'
    ),

    by_towers as (
        {{ two_tower.top_k_lists('embedded', 'items', n, 'known', 'withheld') }}
    ),

    neighbours as (
        select
            had.user_id,
            neighbours.neighbour_id as item_id,
            round(sum(ln(1 + had.recency_weight) * neighbours.similarity), 9) as neighbour_score,
            max(neighbours.similarity) as best_similarity
        from had
        inner join {{ ref('two_tower', 'item_neighbours') }} as neighbours
            on had.item_id = neighbours.item_id and neighbours.horizon = '{{ horizon }}'
        where had.position <= {{ var('two_tower_neighbour_history') }}
        group by had.user_id, neighbours.neighbour_id
    ),

    by_neighbours as (
        select
            neighbours.user_id,
            neighbours.item_id
        from neighbours
        anti join known on neighbours.user_id = known.user_id and neighbours.item_id = known.item_id
        inner join users on neighbours.user_id = users.user_id
        anti join withheld on users.segment = withheld.segment and neighbours.item_id = withheld.item_id
        qualify
            row_number() over (
                partition by neighbours.user_id
                order by neighbours.neighbour_score desc, {{ two_tower.stable_hash(['neighbours.item_id']) }}
            ) <= {{ n // 2 }}
    ),

    catalogue as (
        select features.*
        from {{ ref('two_tower', 'item_features') }} as features
        inner join horizon on features.snapshot = horizon.snapshot
    ),

    popularity as (
        {{ two_tower.popular_items('catalogue', ['recent_users', 'users']) }}
    ),

    popular as (
        select
            segments.segment,
            popularity.item_id,
            row_number() over (partition by segments.segment order by popularity.position) as position
        from popularity
        cross join (select distinct segment from users) as segments
        anti join withheld on segments.segment = withheld.segment and popularity.item_id = withheld.item_id
    ),

    -- no user needs more than the first n beside what is known of them
    depths as (
        select
            users.user_id,
            users.segment,
            count(known.item_id) + {{ n // 2 }} as depth
        from users
        left join known on users.user_id = known.user_id
        group by users.user_id, users.segment
    ),

    by_popularity as (
        select
            depths.user_id,
            popular.item_id
        from depths
        inner join popular on depths.segment = popular.segment and popular.position <= depths.depth
        anti join known on depths.user_id = known.user_id and popular.item_id = known.item_id
        qualify row_number() over (partition by depths.user_id order by popular.position) <= {{ n // 2 }}
    ),

    repeats as (
        select
            had.user_id,
            had.item_id
        from had
        inner join users on had.user_id = users.user_id
        anti join excluded on had.user_id = excluded.user_id and had.item_id = excluded.item_id
        anti join withheld on users.segment = withheld.segment and had.item_id = withheld.item_id
        where had.position <= {{ var('two_tower_history_length') if two_tower.may_repeat() else 0 }}
    ),

    {%- if rules %}

    -- of a rule for very many items the most popular ones
    by_rules as (
        select
            users.user_id,
            promoted.item_id
        from users
        inner join (
            select
                popular.segment,
                rules.item_id
            from {{ ref('two_tower', 'active_rules') }} as rules
            inner join popular
                on coalesce(rules.segment, popular.segment) = popular.segment and rules.item_id = popular.item_id
            where rules.action in ('pin', 'boost')
            qualify row_number() over (partition by popular.segment, rules.rule_id order by popular.position) <= {{ n }}
        ) as promoted on users.segment = promoted.segment
        anti join excluded on users.user_id = excluded.user_id and promoted.item_id = excluded.item_id
    ),
    {%- endif %}

    found as (
        select user_id, item_id, 'history' as source from repeats
        union all
        select user_id, item_id, 'towers' from by_towers
        union all
        select user_id, item_id, 'neighbours' from by_neighbours
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
            list_sort(list(distinct source)) as found_by
        from found
        group by user_id, item_id
    ),

    runs as (
        select * from {{ ref('two_tower', 'model_registry') }} where horizon = '{{ horizon }}'
    )

    select
        '{{ horizon }}' as horizon,
        pairs.user_id,
        pairs.item_id,
        had.item_id is not null as is_repeat,
        pairs.found_by,
        {{ two_tower.part_score('1', 'runs.sequence_dim') }} as sequence_score,
        {{ two_tower.part_score('runs.sequence_dim + 1', 'runs.sequence_dim + runs.factors_dim') }} as factors_score,
        {{ two_tower.part_score('runs.sequence_dim + runs.factors_dim + 1', 'runs.dim') }} as content_score,
        neighbours.neighbour_score,
        neighbours.best_similarity
    from pairs
    cross join runs
    inner join items on pairs.item_id = items.item_id
    left join embedded on pairs.user_id = embedded.user_id
    left join had on pairs.user_id = had.user_id and pairs.item_id = had.item_id
    left join neighbours on pairs.user_id = neighbours.user_id and pairs.item_id = neighbours.item_id
{%- endmacro %}


{% macro part_score(first, last) %}
    {#- What one part of the embeddings, from its first to its last dimension, gives to the dot product; 0 for a part that is not there. -#}
    case when embedded.embedding is not null then list_inner_product(
        list_concat([cast(0 as float)], cast(embedded.embedding as float[])[{{ first }}:{{ last }}]),
        list_concat([cast(0 as float)], cast(items.embedding as float[])[{{ first }}:{{ last }}])
    ) end
{%- endmacro %}
