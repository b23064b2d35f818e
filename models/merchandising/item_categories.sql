{{ config(post_hook=["{{ two_tower.check_categories() }}", "{{ two_tower.warn_of_no_products() }}"]) }}
{%- set column = var('two_tower_category') -%}
-- noqa: disable=LT05
-- long lines and branches are Jinja's: what is linted is one rendering of it
with

items as (
    select item_id from {{ ref('two_tower', 'item_features') }}
    where cutoff = 0
),

profiles as (
    select * from {{ ref('two_tower', 'stg_items') }}
),

final as (
    select
        items.item_id,
        {{ two_tower.chosen_column('two_tower_category', column, 'stg_items', 'profiles', 'all') }} as category,
        coalesce(
            {{ two_tower.chosen_column('two_tower_kind', var('two_tower_kind'), 'stg_items', 'profiles', none, of_null=none) }}, category
        ) as kind,
        profiles.item_label,
        -- what is worth nothing goes last, and what is not known counts like most
        coalesce(
            case when profiles.item_value > 0 then profiles.item_value when profiles.item_value <= 0 then 0 end
            / median(profiles.item_value) filter (where profiles.item_value > 0) over (),
            1
        ) as relative_value
    from items
    left join profiles on items.item_id = profiles.item_id
)

select * from final
