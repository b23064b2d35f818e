{% test no_excluded_items(
    model, exclusions, user_column='user_id', item_column='item_id', exclusions_user_column=none, exclusions_item_column=none
) %}
    {#- No list holds a pair of user and item that stands in `exclusions` (a relation; ids are compared as text). -#}
    with

    excluded as (
        select
            cast({{ exclusions_user_column or user_column }} as varchar) as user_id,
            cast({{ exclusions_item_column or item_column }} as varchar) as item_id
        from {{ exclusions }}
    ),

    lists as (
        select
            cast({{ user_column }} as varchar) as user_id,
            cast({{ item_column }} as varchar) as item_id
        from {{ model }}
    ),

    validation_errors as (
        select lists.*
        from lists
        semi join excluded on lists.user_id = excluded.user_id and lists.item_id = excluded.item_id
    )

    select * from validation_errors
{% endtest %}
