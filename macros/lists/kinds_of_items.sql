{% macro kinds_of_items(columns) %}
    {#- Select of all items with `kinds`, the numbers of their values in columns of stg_items; what has none there is of no kind, and no
        cap is for it. -#}
    select
        categories.item_id,
        cast([
            {%- for column in columns %}
            {%- set value = two_tower.chosen_column('two_tower_caps', column, 'stg_items', 'profiles', '', of_null=none) %}
            if(
                {{ value }} is null,
                -row_number() over (order by categories.item_id asc),
                dense_rank() over (order by {{ value }} asc)
            ){{ ', ' if not loop.last }}
            {%- endfor %}
        ] as integer[]) as kinds
    from {{ ref('two_tower', 'item_categories') }} as categories
    left join {{ ref('two_tower', 'stg_items') }} as profiles on categories.item_id = profiles.item_id
{%- endmacro %}
