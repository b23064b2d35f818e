{% macro rejected_rows(input) %}
    {#- Select of the rows of an optional input that are left out because of their values: input, row_key, column_name, value, reason, remedy. -#}
    {%- set known, given = two_tower.known_inputs()[input], [] -%}
    {%- set columns = two_tower.input_columns(input) if var('two_tower_' ~ input) else {} -%}
    {%- for name, column in columns.items() if name in (['rule_id'] if known.rule_id else ['experiment', 'user_id', 'item_id']) -%}
        {%- do given.append('concat(' ~ two_tower.literal(name ~ ' ') ~ ", coalesce(cast(" ~ column ~ " as varchar), 'NULL'))") -%}
    {%- endfor -%}
    select
        '' as input,
        '' as row_key,
        '' as column_name,
        '' as value,
        '' as reason,
        '' as remedy
    where false
    {%- for doubt in (two_tower.doubtful_values(input, columns) if columns and execute else []) if doubt.is_left_out %}
    union all
    select
        {{ two_tower.literal(input) }},
        concat_ws(', ', {{ given | join(', ') }}),
        {{ two_tower.literal(doubt.name) }},
        cast({{ doubt.column }} as varchar),
        {{ two_tower.literal('values that ' ~ doubt.problem) }},
        'correct the value, or leave the row out'
    from {{ two_tower.input_relation(input) }}
    where {{ doubt.condition }}
    {%- endfor %}
    {%- for name, wanted in known.items() if columns and wanted.of and input in ['item_availability', 'user_exclusions'] %}
    union all
    select
        {{ two_tower.literal(input) }},
        concat_ws(', ', {{ given | join(', ') }}),
        {{ two_tower.literal(name) }},
        cast({{ columns[name] }} as varchar),
        'no such {{ name.removesuffix('_id') }}',
        'leave the row out, or bring both to one form (leading zeros, upper and lower case, spaces)'
    from {{ two_tower.input_relation(input) }}
    where cast({{ columns[name] }} as varchar) not in (
        {%- for model_name in wanted.of %}
        select {{ name }} from {{ ref('two_tower', model_name) }}
        {{- ' union all' if not loop.last }}
        {%- endfor %}
    )
    {%- endfor %}
    {%- if input == 'merchandising_rules' and columns %}
    union all
    select
        'merchandising_rules',
        concat('rule_id ', coalesce(rule_id, 'NULL')),
        malformed.name,
        malformed.value,
        malformed.reason,
        'correct the rule'
    from ({{ two_tower.judged_rules() }})
    where malformed is not null
    union all
    select
        'merchandising_rules',
        concat('rule_id ', coalesce(rule_id, 'NULL')),
        name,
        value,
        reason,
        'correct the rule, or end it'
    from ({{ two_tower.idle_rules() }})
    {%- endif %}
{%- endmacro %}
