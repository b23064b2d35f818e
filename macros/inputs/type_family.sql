{% macro type_family(data_type) %}
    {#- number, text, time, time of day or the type itself, as the engine's catalogue of types says: types of one family are cast
        into each other without loss of meaning. -#}
    {%- set base = (data_type | lower).split('(')[0] | trim -%}
    {%- if base in ['enum', 'uuid'] -%}
        {{ return('text') }}
    {%- elif base == 'bignum' -%}
        {{ return('number') }}
    {%- elif base.endswith(']') or not execute -%}
        {{ return(base) }}
    {%- endif -%}
    {%- set known = run_query(
        'select max(type_category), max(logical_type) from duckdb_types() where type_name = ' ~ two_tower.literal(base)
    ).rows[0] -%}
    {%- set category, logical = known[0] or '', known[1] or '' -%}
    {%- if category in ['NUMERIC', 'STRING'] -%}
        {{ return({'NUMERIC': 'number', 'STRING': 'text'}[category]) }}
    {%- elif category == 'DATETIME' and (logical == 'DATE' or logical.startswith('TIMESTAMP')) -%}
        {{ return('time') }}
    {%- elif category == 'DATETIME' and logical.startswith('TIME') -%}
        {{ return('time of day') }}
    {%- endif -%}
    {{ return(base) }}
{% endmacro %}
