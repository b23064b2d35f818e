{% macro items_with_kinds(columns) %}
    {#- Select of item_vectors with `kinds`, the numbers of their values in columns of stg_items; what has none there is of no kind,
        and no cap is for it. -#}
    select
        vectors.item_id,
        vectors.embedding,
        cast([
            {%- for column in columns %}
            {%- set value = two_tower.chosen_column('two_tower_caps', column, 'stg_items', 'profiles', '', of_null=none) %}
            if(
                {{ value }} is null,
                -row_number() over (order by vectors.item_id asc),
                dense_rank() over (order by {{ value }} asc)
            ){{ ', ' if not loop.last }}
            {%- endfor %}
        ] as integer[]) as kinds
    from {{ ref('two_tower', 'item_vectors') }} as vectors
    left join {{ ref('two_tower', 'stg_items') }} as profiles on vectors.item_id = profiles.item_id
{%- endmacro %}
