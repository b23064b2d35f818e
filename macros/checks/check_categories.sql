{% macro check_categories() %}
    {#- Post-hook of item_categories: stops where lists of each user in each category would be more than a hundred million rows, which
        is more than a warehouse on one machine should be asked for. -#}
    {#- outside the condition, or the model would not know that it depends on it -#}
    {%- set splits = ref('two_tower', 'interaction_splits') -%}
    {%- if execute and flags.WHICH != 'clone' and var('two_tower_category') -%}
        {%- set found = run_query(
            'select count(distinct category), (select count(distinct user_id) from ' ~ splits ~ ') from ' ~ this
        ).rows[0] -%}
        {%- set rows = found[0] * found[1] * var('two_tower_k') -%}
        {%- if rows > 100000000 -%}
            {%- do two_tower.input_error(
                'var two_tower_category (' ~ var('two_tower_category') ~ ')',
                found[0] ~ ' categories for ' ~ found[1] ~ ' users are up to ' ~ rows ~ ' rows of recommendations_by_category.',
                "name a coarser column of the items, or '' for none."
            ) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
