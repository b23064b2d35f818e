{% macro input_rows(input, is_checked=true) %}
    {#- Select of an input: the columns that known_inputs() declares, of one type per kind, NaN and infinity as NULL, after the features
        of users and items. Rows of placeholder ids are left out; of an optional input also rows that lack what they need, with a
        warning. Without a relation: no rows. Every read of an input goes through here, and so every input gets the same checks. -#}
    {%- set types = {'key': 'varchar', 'text': 'varchar', 'time': 'timestamp', 'local time': 'timestamp', 'number': 'double',
        'integer': 'integer'} -%}
    {%- set known = two_tower.known_inputs()[input] -%}
    {%- set columns = two_tower.input_columns(input) if var('two_tower_' ~ input) else {} -%}
    {%- if is_checked -%}{%- do two_tower.check_input(input, columns) -%}{%- endif -%}
    {%- set conditions = [] -%}
    {%- for name, column in columns.items() if column != known[name].otherwise -%}
        {%- set placeholders = two_tower.placeholder_ids(name) -%}
        {%- if placeholders -%}
            {%- do conditions.append(
                'coalesce(cast(' ~ column ~ ' as varchar) not in (' ~ two_tower.literal(placeholders)[1:-1] ~ '), true)'
            ) -%}
        {%- endif -%}
        {%- if not two_tower.is_strict(input) and known[name].otherwise is not defined and not known[name].nullable -%}
            {%- do conditions.append(column ~ ' is not null') -%}
        {%- endif -%}
        {%- if not two_tower.is_strict(input) and known[name].kind == 'time' -%}
            {%- do conditions.append(two_tower.has_happened(column)) -%}
        {%- endif -%}
        {%- if two_tower.skips(input) and known[name].kind not in ['key', 'text'] -%}
            {%- do conditions.append('not ' ~ two_tower.is_unread(column, types[known[name].kind])) -%}
        {%- endif -%}
    {%- endfor %}
    select
        {%- if input in ['users', 'items'] %}
        {{ two_tower.input_features(input) }}
        {{ two_tower.label_column(input) }} as {{ input.removesuffix('s') }}_label,
        {%- endif %}
        {%- if input == 'items' %}
        {{ two_tower.value_column() }} as item_value,
        {%- endif %}
        {%- for name, wanted in known.items() %}
        {% if not columns -%}
            cast(null as {{ types[wanted.kind] }})
        {%- elif wanted.kind == 'number' -%}
            {{ two_tower.finite(columns[name], '1e30') }}
        {%- else -%}
            {{ 'try_cast' if two_tower.skips(input) else 'cast' }}({{ columns[name] }} as {{ types[wanted.kind] }})
        {%- endif %} as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    {%- if columns %}
    from {{ two_tower.input_relation(input) }}
    {%- endif %}
    where {{ (conditions or ['true']) | join(' and ') if columns else 'false' }}
{%- endmacro %}


{% macro is_strict(input) %}
    {#- Whether a faulty row of an input stops the run: of those that lists are made of. -#}
    {{ return(input in ['interactions', 'users', 'items'] or input == 'reviews' and not two_tower.skips(input)) }}
{% endmacro %}


{% macro skips(input) %}
    {#- Whether malformed rows of an input are left out (var two_tower_bad_rows). -#}
    {{ return(var('two_tower_bad_rows') == 'skip' and input not in ['interactions', 'users', 'items']) }}
{% endmacro %}


{% macro is_unread(column, type) %}
    {#- Whether a value is there and cannot be read as what it should be. -#}
    {{ return('(' ~ column ~ ' is not null and try_cast(' ~ column ~ ' as ' ~ type ~ ') is null)') }}
{% endmacro %}


{% macro has_happened(column) %}
    {#- Whether a time is one of the past, with a day's grace for time zones. -#}
    {{ return(
        "(isfinite(try_cast(" ~ column ~ " as timestamp)) and try_cast(" ~ column
        ~ " as timestamp) <= cast(now() at time zone 'UTC' as timestamp) + interval 1 day)"
    ) }}
{% endmacro %}


{% macro placeholder_ids(name) %}
    {#- The ids of a key column that var two_tower_placeholder_ids says are nobody's and nothing's, as text. -#}
    {%- set ids = [] -%}
    {%- for id in var('two_tower_placeholder_ids').get(name) or [] -%}{%- do ids.append(id | string) -%}{%- endfor -%}
    {{ return(ids) }}
{% endmacro %}
