{% macro check_input_column(label, column, kind) %}
    {#- Stops when a column of an input cannot serve as key, time, local time, number or text. -#}
    {%- set type = column.type | lower -%}
    {%- set family = two_tower.type_family(type) -%}
    {%- set where = label ~ ', column ' ~ column.name -%}
    {%- if kind == 'key' and (type in ['float', 'double'] or family not in ['number', 'text']) -%}
        {%- do two_tower.input_error(
            where, 'is ' ~ column.type ~ ', which is no key.',
            'make it a whole number, text or UUID, the same in all inputs (1.0 and 1 are two keys).'
        ) -%}
    {%- elif kind == 'local time' and type == 'timestamp with time zone' -%}
        {%- do two_tower.input_error(
            where, 'is ' ~ column.type ~ '; it is compared with the clock of the run, local time.',
            'convert it in your model: cast(' ~ column.name ~ ' as timestamp) as ' ~ column.name ~ '.'
        ) -%}
    {%- elif kind == 'time' and type == 'timestamp with time zone' -%}
        {%- do two_tower.input_error(
            where, 'is ' ~ column.type ~ ', which reads differently on each machine.',
            "convert it in your model: " ~ column.name ~ " at time zone 'UTC' as " ~ column.name ~ '.'
        ) -%}
    {%- elif kind in ['time', 'number'] and family != kind -%}
        {%- do two_tower.input_error(
            where, 'is ' ~ column.type ~ ', expected ' ~ ('a timestamp or date' if kind == 'time' else 'a number') ~ '.',
            'cast it in your model, or name another column in var two_tower_columns.'
        ) -%}
    {%- endif -%}
{% endmacro %}
