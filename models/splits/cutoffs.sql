with

ends as (
    select * from {{ ref('two_tower', 'data_end') }}
),

-- what users did last in each window is all that is asked of their events here
users as (
    select
        user_id,
        window_number,
        max(event_at) as event_at
    from {{ ref('two_tower', 'interaction_splits') }}
    group by user_id, window_number
),

totals as (
    select
        max(event_at) as last_at,
        {{ two_tower.end_of_data() }} as now_at,
        {{ '1' if two_tower.serves_only() else two_tower.oldest_cutoff() }} as oldest
    from users
),

numbers as (
    select cast(range as integer) as cutoff from range({{ var('two_tower_training_cutoffs') | int + 3 }})
),

chosen as (
    select
        numbers.cutoff,
        {% if var('two_tower_split') == 'time' -%}
            ends.end_at - numbers.cutoff * interval {{ var('two_tower_test_days') }} day as as_of,
        {%- else -%}
            cast(null as timestamp) as as_of,
        {%- endif %}
        totals.now_at,
        totals.last_at
    from numbers
    cross join ends
    cross join totals
    where numbers.cutoff <= totals.oldest
),

known as (
    select
        chosen.cutoff,
        max(users.event_at) as known_until,
        count(distinct users.user_id) as known_users
    from chosen
    inner join users on {{ two_tower.is_history('users.window_number', 'chosen.cutoff') }}
    group by chosen.cutoff
),

next_users as (
    select
        window_number + 1 as cutoff,
        count(*) as target_users
    from users
    group by window_number
),

final as (
    select
        chosen.cutoff,
        chosen.as_of,
        coalesce(chosen.as_of, chosen.now_at) as now_at,
        chosen.last_at,
        known.known_until,
        coalesce(known.known_users, 0) as known_users,
        coalesce(next_users.target_users, 0) as target_users
    from chosen
    left join known on chosen.cutoff = known.cutoff
    left join next_users on chosen.cutoff = next_users.cutoff
)

select * from final
