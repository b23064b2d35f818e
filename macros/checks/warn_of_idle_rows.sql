{% macro warn_of_idle_rows(variable) %}
    {#- Post-hook of what reads an optional input: warns where more than a fifth of its users, items or segments are none there is. What
        left the shop does no harm; keys in another form (leading zeros, upper and lower case) would be ignored. -#}
    {%- set users, items = ref('two_tower', 'user_segments'), ref('two_tower', 'item_categories') -%}
    {%- if execute and flags.WHICH != 'clone' and var(variable) -%}
        {%- set given = two_tower.named_model(var(variable)) -%}
        {%- set columns = two_tower.relation_columns(given, 'var ' ~ variable) -%}
        {%- for column, known in [('user_id', users), ('item_id', items), ('segment', users)] if column in columns -%}
            {%- set found = run_query(
                'with given as (select cast(' ~ column ~ ' as varchar) as value from ' ~ given ~ " where value is not null)
                select count(*), count(*) filter (where is_idle), min(value) filter (where is_idle) from (
                    select value, value not in (select " ~ column ~ ' from ' ~ known ~ ') as is_idle from given
                )'
            ).rows[0] -%}
            {%- if found[1] > 0.2 * found[0] -%}
                {%- do exceptions.warn(
                    'var ' ~ variable ~ ' (' ~ var(variable) ~ '), column ' ~ column ~ ': ' ~ found[1] ~ ' of ' ~ found[0]
                    ~ " rows are without effect, such as '" ~ found[2] ~ "', which is no " ~ column.removesuffix('_id')
                    ~ '. If it should be one, bring both to one form in your models (leading zeros, upper and lower case, spaces).'
                ) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}
