{% macro type_family(data_type) %}
    {#- number, text, time, time of day or the type itself: types of one family are cast into each other without loss of meaning. -#}
    {%- set base = (data_type | lower).split('(')[0] | trim -%}
    {%- if base.endswith(']') -%}
        {{ return(base) }}
    {%- elif base in ['tinyint', 'smallint', 'integer', 'int', 'bigint', 'hugeint', 'utinyint', 'usmallint', 'uinteger',
        'ubigint', 'float', 'real', 'double', 'decimal', 'numeric'] -%}
        {{ return('number') }}
    {%- elif base in ['varchar', 'text', 'string', 'uuid'] or base.startswith('enum') -%}
        {{ return('text') }}
    {%- elif base == 'date' or base.startswith('timestamp') or base == 'datetime' -%}
        {{ return('time') }}
    {%- elif base in ['time', 'timetz', 'time_ns'] or base.startswith('time ') -%}
        {{ return('time of day') }}
    {%- endif -%}
    {{ return(base) }}
{% endmacro %}
