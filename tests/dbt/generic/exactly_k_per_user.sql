{% test exactly_k_per_user(
    model, k, user_column='user_id', item_column='item_id', rank_column='rank', users=none, users_column=none
) %}
    {#- Each user has k different items, ranked 1 to k; with `users` (a relation) everyone there has a list. -#}
    with

    lists as (
        select
            cast({{ user_column }} as varchar) as user_id,
            count(*) as n_rows,
            count(distinct {{ item_column }}) as n_items,
            count(distinct {{ rank_column }}) filter (where {{ rank_column }} between 1 and {{ k }}) as n_ranks
        from {{ model }}
        group by {{ user_column }}
    ),

    validation_errors as (
        select * from lists
        where n_rows <> {{ k }} or n_items <> {{ k }} or n_ranks <> {{ k }}
        {%- if users is not none %}
        union all
        select
            cast(users.{{ users_column or user_column }} as varchar) as user_id,
            0 as n_rows,
            0 as n_items,
            0 as n_ranks
        from {{ users }} as users
        where cast(users.{{ users_column or user_column }} as varchar) not in (select user_id from lists where user_id is not null)
        {%- endif %}
    )

    select * from validation_errors
{% endtest %}
