{% macro optional_relation(variable, required, optional={}) %}
    {#- Select of an optional input: the columns (name: type) of the model or seed that a var names, NULL where it lacks an optional
        one. Without a name: no rows. -#}
    {%- set columns = dict(required, **optional) -%}
    {%- set found = columns -%}
    {%- if var(variable) -%}
        {%- set relation = two_tower.named_model(var(variable)) -%}
        {%- set found = two_tower.relation_columns(relation, 'var ' ~ variable) or columns -%}
        {%- for name in required if name not in found -%}
            {%- do two_tower.input_error(
                'var ' ~ variable ~ ', relation ' ~ relation ~ ', column ' ~ name, 'missing; found ' ~ found | join(', ') ~ '.',
                'add the column to ' ~ var(variable) ~ '; it may also have ' ~ (optional.keys() | join(', ') or 'no others') ~ '.'
            ) -%}
        {%- endfor -%}
        {%- for name, column in found.items() if name in columns and column is mapping -%}
            {%- if name in ['user_id', 'item_id'] -%}
                {%- do two_tower.check_input_column('var ' ~ variable ~ ', relation ' ~ relation, column, 'key') -%}
            {%- elif columns[name] == 'timestamp' and column.type | lower == 'timestamp with time zone' -%}
                {%- set kind = 'time' if variable in ['two_tower_exposures', 'two_tower_outcomes'] else 'local time' -%}
                {%- do two_tower.check_input_column('var ' ~ variable ~ ', relation ' ~ relation, column, kind) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    select
        {%- for name, type in columns.items() %}
        cast({{ name if var(variable) and name in found else 'null' }} as {{ type }}) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    {%- if var(variable) %}
    from {{ two_tower.named_model(var(variable)) }}
    {%- else %}
    where false
    {%- endif %}
{%- endmacro %}
