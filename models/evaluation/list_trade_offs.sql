{#- The lists of the test window by other weights of each knob; the other knobs stay as they are set. -#}
{%- set grids = {'two_tower_diversity': [0, 0.1, 0.2, 0.4], 'two_tower_new_item_share': [0, 0.1, 0.2, 0.3]} -%}
{%- if var('two_tower_value_column') -%}
    {%- do grids.update({'two_tower_value_weight': [0, 0.1, 0.25, 0.5]}) -%}
{%- endif -%}
{%- set published = var('two_tower_policies') | select('equalto', var('two_tower_policy')) | list -%}
{%- set policy = (published or var('two_tower_policies')) | first -%}
{%- set k = var('two_tower_k') -%}
with

settings as (
    {%- for knob, weights in grids.items() %}
        select
            {{ two_tower.literal(knob) }} as knob,
            cast(unnest({{ weights }}) as double) as weight
        {%- if not loop.last %}
            union all
        {%- endif %}
    {%- endfor %}
),

relevant as (
    select user_id, item_id from {{ ref('two_tower', 'relevant_items') }}
    where policy = {{ two_tower.literal(policy) }} and slice = 'all'
),

-- of very many users a sample is enough
users as (
    select user_id, count(*) as n_relevant from relevant
    group by user_id
    order by {{ two_tower.stable_hash(['user_id']) }} asc
    limit 1000
),

arrivals as (
    {{ two_tower.arrivals('evaluation') }}
),

offers as (
    select
        settings.knob,
        settings.weight,
        {%- for knob in ['two_tower_value_weight', 'two_tower_diversity', 'two_tower_new_item_share'] %}
            if(settings.knob = {{ two_tower.literal(knob) }}, settings.weight, {{ var(knob) }}) as {{ knob }},
        {%- endfor %}
        candidates.user_id,
        candidates.item_id,
        candidates.chance,
        categories.category,
        categories.relative_value,
        arrivals.item_id is not null and not candidates.is_repeat as is_new
    from {{ ref('two_tower', 'evaluated_candidates') }} as candidates
    semi join users on candidates.user_id = users.user_id
    inner join {{ ref('two_tower', 'item_categories') }} as categories on candidates.item_id = categories.item_id
    left join arrivals on candidates.item_id = arrivals.item_id
    cross join settings
    where {{ policy == 'allow_repeats' }} or not candidates.is_repeat
),

worths as (
    {{ two_tower.with_worth('offers', ['knob', 'weight', 'user_id'], 'two_tower_value_weight', 'two_tower_diversity') }}
),

places as (
    {{ two_tower.with_places('worths', ['knob', 'weight', 'user_id'], new_item_share='two_tower_new_item_share') }}
),

lists as (
    select
        places.*,
        relevant.item_id is not null as is_hit
    from places
    left join relevant on places.user_id = relevant.user_id and places.item_id = relevant.item_id
    where places.place <= {{ k }}
),

by_user as (
    select
        settings.knob,
        settings.weight,
        users.user_id,
        count(*) filter (where lists.is_hit) / least(any_value(users.n_relevant), {{ k }}) as recall,
        coalesce({{ two_tower.exact_sum('lists.chance * lists.relative_value') }}, 0) as expected_value
    from users
    cross join settings
    left join lists on users.user_id = lists.user_id and settings.knob = lists.knob and settings.weight = lists.weight
    group by settings.knob, settings.weight, users.user_id
),

measured as (
    select
        knob,
        weight,
        count(*) as n_users,
        {{ two_tower.mean('recall') }} as recall,
        {{ two_tower.mean('expected_value') }} as expected_value,
        {{ two_tower.ordered_list('recall', 'user_id') }} as recalls
    from by_user
    group by knob, weight
),

shown as (
    select
        knob,
        weight,
        count(distinct item_id) / (
            select count(*) from {{ ref('two_tower', 'item_features') }} where cutoff = 1
        ) as coverage,
        avg(cast(is_new as integer)) as new_item_share
    from lists
    group by knob, weight
),

compared as (
    select
        measured.*,
        {{ two_tower.bootstrap('interval', ['measured.recalls']) }} as recall_interval,
        {{ two_tower.bootstrap('difference', ['measured.recalls', 'unweighted.recalls']) }} as difference
    from measured
    inner join measured as unweighted on measured.knob = unweighted.knob and unweighted.weight = 0
),

final as (
    select
        compared.knob,
        compared.weight,
        {{ two_tower.literal(policy) }} as policy,
        compared.n_users,
        compared.recall,
        compared.recall_interval.low as recall_low,
        compared.recall_interval.high as recall_high,
        compared.difference.difference as difference,
        compared.difference.low as difference_low,
        compared.difference.high as difference_high,
        compared.expected_value,
        shown.coverage,
        shown.new_item_share
    from compared
    inner join shown on compared.knob = shown.knob and compared.weight = shown.weight
)

select * from final
