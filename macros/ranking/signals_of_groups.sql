{% macro signals_of_groups(cutoff) %}
    {#- CTEs of macro signals: of each user without a history, the lifts of popularity among users of the same values. -#}
    -- people like a new user: popularity is that among users of the same values, see model group_lifts
    profiles as (
        select
            user_values.user_id,
            list(
                {'feature': user_values.feature, 'value': user_values.value}
                order by user_values.feature asc, user_values.value asc
            ) as profile
        from {{ ref('two_tower', 'user_values') }} as user_values
        semi join users on user_values.user_id = users.user_id
        anti join own_histories on user_values.user_id = own_histories.user_id
        group by user_values.user_id
    ),

    profile_values as (
        select
            profile,
            unnest(profile) as entry
        from (select distinct profile from profiles)
    ),

    profile_lifts as (
        select
            profile_values.profile,
            lifts.item_id,
            round(exp(sum(ln(lifts.lift))), 9) as lift
        from profile_values
        inner join {{ ref('two_tower', 'group_lifts') }} as lifts
            on profile_values.entry.feature = lifts.feature and profile_values.entry.value = lifts.value
        where lifts.cutoff = {{ cutoff }}
        group by profile_values.profile, lifts.item_id
    ),
{%- endmacro %}
