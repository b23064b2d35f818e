{% macro warn_of_unmatched_rows(label, rows, name, column, relations) %}
    {#- Warns where more than a fifth of the users, items or segments of an input are in none of the relations that know them. What left
        the shop does no harm; keys in another form (leading zeros, upper and lower case) would be ignored. -#}
    {%- set known = [] -%}
    {%- for relation in relations if load_relation(relation) -%}
        {%- do known.append('select ' ~ name ~ ' from ' ~ relation) -%}
    {%- endfor -%}
    {%- if known | length == relations | length -%}
        {%- set found = run_query(
            'select count(*), count(*) filter (where is_idle), min(value) filter (where is_idle) from (select value, value not in ('
            ~ known | join(' union all ') ~ ') as is_idle from (select cast(' ~ column ~ ' as varchar) as value from ' ~ rows
            ~ ') where value is not null)'
        ).rows[0] -%}
        {%- if found[1] > 0.2 * found[0] -%}
            {%- do exceptions.warn(
                label ~ ', column ' ~ name ~ ': ' ~ found[1] ~ ' of ' ~ found[0] ~ ' rows name no known ' ~ name.removesuffix('_id')
                ~ ", such as '" ~ found[2] ~ "'" ~ '. If it should be one, bring both to one form in your models (leading zeros, upper and lower case, spaces).'
            ) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
