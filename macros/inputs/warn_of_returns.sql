{% macro warn_of_returns() %}
    {#- Post-hook of stg_interactions: says how many rows it left out for a quantity that is negative or 0. -#}
    {%- if execute and flags.WHICH != 'clone' -%}
        {%- set found = run_query(
            'with lines as (' ~ two_tower.input_rows('interactions', is_checked=false) ~ '), types as ('
            ~ 'select event_type, max(quantity) > 0 as has_quantity from lines group by event_type)'
            ~ ' select count(*) filter (where quantity < 0), count(*) filter (where quantity = 0)'
            ~ ' from lines left join types on lines.event_type is not distinct from types.event_type'
            ~ ' where quantity < 0 or types.has_quantity'
        ).rows[0] -%}
        {%- set where = 'var two_tower_interactions (' ~ var('two_tower_interactions') ~ '), column quantity: ' -%}
        {%- if found[0] -%}
            {%- do exceptions.warn(
                where ~ found[0] ~ ' rows are below 0. They are treated as returns and ignored. The original purchase still counts; '
                ~ 'remove it in your model if it should not.'
            ) -%}
        {%- endif -%}
        {%- if found[1] -%}
            {%- do exceptions.warn(
                where ~ found[1] ~ ' rows are 0. They are treated as cancelled lines and ignored. If they happened, make the quantity 1 or NULL '
                ~ 'in your model: nullif(' ~ two_tower.input_columns('interactions').quantity ~ ', 0).'
            ) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
