{% test rows_are_valid(model, keys=[], values={}, ranges={}, not_null=[]) %}
    {#- What holds for each row of a table, in one query. keys: lists of columns that together are a key; values: the values that a column may
        have; ranges: [least, most] of a column, null where there is no bound, and never NaN; not_null: columns without NULL. Values and
        ranges let NULL pass. Column `problem` of the rows that it finds says what is wrong. -#}
    {%- set rules = [] -%}
    {%- for column in not_null -%}
        {%- do rules.append({'broken': column ~ ' is null', 'problem': two_tower.literal(column ~ ' is NULL')}) -%}
    {%- endfor -%}
    {%- for column, allowed in values.items() -%}
        {%- set listed = [] -%}
        {%- for value in allowed -%}
            {%- do listed.append(two_tower.literal(value)) -%}
        {%- endfor -%}
        {%- do rules.append({
            'broken': column ~ ' not in (' ~ listed | join(', ') ~ ')',
            'problem': two_tower.literal(column ~ ' is none of ' ~ allowed | join(', ') ~ ': ') ~ ' || ' ~ column
        }) -%}
    {%- endfor -%}
    {%- for column, bounds in ranges.items() -%}
        {%- set broken = [column ~ " = cast('nan' as double)"] -%}
        {%- if bounds[0] is not none -%}
            {%- do broken.append(column ~ ' < ' ~ bounds[0]) -%}
        {%- endif -%}
        {%- if bounds[1] is not none -%}
            {%- do broken.append(column ~ ' > ' ~ bounds[1]) -%}
        {%- endif -%}
        {%- do rules.append({
            'broken': '(' ~ broken | join(' or ') ~ ')',
            'problem': two_tower.literal(column ~ ' is out of its range: ') ~ ' || ' ~ column
        }) -%}
    {%- endfor -%}
    {%- if not keys and not rules -%}
        {{ exceptions.raise_compiler_error('rows_are_valid on ' ~ model ~ ': give keys, values, ranges or not_null, got none') }}
    {%- endif -%}
    with

    {% for key in keys -%}
        doubles_{{ loop.index }} as (
            select {{ two_tower.literal('more than one row has the same ' ~ key | join(', ')) }} as problem
            from {{ model }}
            group by {{ key | join(', ') }}
            having count(*) > 1
        ),

    {% endfor -%}
    {% if rules -%}
        broken as (
            select
                case
                    {%- for rule in rules %}
                    when {{ rule.broken }} then {{ rule.problem }}
                    {%- endfor %}
                end as problem
            from {{ model }}
            where {{ rules | map(attribute='broken') | join(' or ') }}
        ),

    {% endif -%}
    validation_errors as (
        {%- for key in keys %}
        select problem from doubles_{{ loop.index }}
        {%- if rules or not loop.last %}
        union all
        {%- endif %}
        {%- endfor %}
        {%- if rules %}
        select problem from broken
        {%- endif %}
    )

    select * from validation_errors
{% endtest %}
