{% macro check_input_column(input, label, column, kind) %}
    {#- Stops when a column of an input cannot serve as what it should be: by its type, or where text is read as a time or a number, by
        a value that is none. -#}
    {%- set type = column.type | lower -%}
    {%- set family = two_tower.type_family(type) -%}
    {%- set where, name = label ~ ', column ' ~ column.name, two_tower.quoted(column.name) -%}
    {%- set target = {'number': 'double', 'integer': 'integer'}.get(kind, 'timestamp') -%}
    {%- set noun = {'number': 'a number', 'integer': 'a whole number'}.get(kind, 'a timestamp or date') -%}
    {%- if kind == 'key' and (type in ['float', 'double'] or family not in ['number', 'text']) -%}
        {%- do two_tower.input_error(
            where, 'is ' ~ column.type ~ ', which is no key.',
            'make it a whole number, text or UUID, the same in all inputs (1.0 and 1 are two keys).'
        ) -%}
    {%- elif kind == 'local time' and family == 'time' and modules.re.search('time zone|tz', type) -%}
        {%- do two_tower.input_error(
            where, 'is ' ~ column.type ~ '; it is compared with the clock of the run, local time.',
            'convert it in your model: cast(' ~ name ~ ' as timestamp) as ' ~ name ~ '.'
        ) -%}
    {%- elif kind == 'time' and family == 'time' and modules.re.search('time zone|tz', type) -%}
        {%- do two_tower.input_error(
            where, 'is ' ~ column.type ~ ', which reads differently on each machine.',
            "convert it in your model: " ~ name ~ " at time zone 'UTC' as " ~ name ~ '.'
        ) -%}
    {%- elif kind in ['time', 'local time'] and family == 'number' and not two_tower.is_all_null(input, name) -%}
        {%- do two_tower.input_error(
            where, 'is ' ~ column.type ~ ', expected a timestamp or date.',
            'convert it in your model: ' ~ two_tower.moment_of_number(input, name) ~ ' as ' ~ name
            ~ ', or name another column in var two_tower_columns.'
        ) -%}
    {%- elif (kind == 'time' and family != 'time' or kind == 'number' and family != 'number')
        and input in ['interactions', 'users', 'items'] -%}
        {%- do two_tower.input_error(
            where, 'is ' ~ column.type ~ ', expected ' ~ noun ~ '.',
            'cast it in your model, try_cast(' ~ name ~ ' as ' ~ target ~ ') as ' ~ name
            ~ ', or name another column in var two_tower_columns.'
        ) -%}
    {%- elif execute and not two_tower.skips(input) and kind in ['time', 'local time', 'number', 'integer'] and type != 'timestamp'
        and (kind, family) != ('number', 'number') -%}
        {%- set unread = run_query(
            'select min(cast(' ~ name ~ ' as varchar)), count(*) from ' ~ two_tower.input_relation(input) ~ ' where ' ~ name
            ~ ' is not null and try_cast(' ~ name ~ ' as ' ~ target ~ ') is null'
        ).rows[0] -%}
        {%- if unread[1] -%}
            {%- do two_tower.input_error(
                where, unread[1] ~ " values cannot be read as " ~ noun ~ ", such as '" ~ unread[0] ~ "'.",
                'correct them, or leave them out in your model: try_cast(' ~ name ~ ' as ' ~ target ~ ') as ' ~ name ~ '.'
            ) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}


{% macro is_all_null(input, column) %}
    {#- Whether a column of an input holds nothing: then its type, of which a seed makes a number, says nothing. -#}
    {{ return(run_query('select count(' ~ column ~ ') from ' ~ two_tower.input_relation(input)).rows[0][0] == 0) }}
{% endmacro %}


{% macro moment_of_number(input, column) %}
    {#- SQL that makes a timestamp of a column of numbers, in the unit in which most of them lie between 2001 and 2286. -#}
    {%- set size = run_query('select median(abs(cast(' ~ column ~ ' as double))) from ' ~ two_tower.input_relation(input)).rows[0][0] -%}
    {%- if 19000000 <= size < 21000000 -%}
        {{ return("strptime(cast(" ~ column ~ " as varchar), '%Y%m%d')") }}
    {%- elif size < 100000 -%}
        {{ return("date '1970-01-01' + cast(" ~ column ~ " as integer)") }}
    {%- endif -%}
    {%- set whole = 'cast(' ~ column ~ ' as bigint)' -%}
    {%- if size < 10000000000 -%}
        {{ return('epoch_ms(1000 * ' ~ whole ~ ')') }}
    {%- elif size < 10000000000000 -%}
        {{ return('epoch_ms(' ~ whole ~ ')') }}
    {%- elif size < 10000000000000000 -%}
        {{ return('make_timestamp(' ~ whole ~ ')') }}
    {%- endif -%}
    {{ return('cast(make_timestamp_ns(' ~ whole ~ ') as timestamp)') }}
{% endmacro %}
