{% macro input_features(input) %}
    {#- Select list of an input's feature columns: every column but those that known_inputs() names, under a name that is safe in
        SQL and cast to the type of its encoding, each followed by a comma. -#}
    {%- set label = 'var two_tower_' ~ input ~ ' (' ~ var('two_tower_' ~ input) ~ ')' -%}
    {%- set mapped = [] -%}
    {%- for name in two_tower.known_inputs()[input] -%}
        {%- do mapped.append(two_tower.input_column_name(input, name) | lower) -%}
    {%- endfor -%}
    {%- set overrides = two_tower.input_encodings('stg_' ~ input) -%}
    {%- set sources = {} -%}
    {%- for key, column in two_tower.relation_columns(two_tower.input_relation(input), label).items() if key not in mapped -%}
        {%- set where = label ~ ', column ' ~ column.name -%}
        {%- set encoding = overrides.get(key, two_tower.usual_encoding(label, column)) -%}
        {%- set name = two_tower.feature_name(column.name) -%}
        {%- if encoding == 'none' or (encoding == 'vector' and not modules.re.search('[0-9]+\\]$', column.type)) -%}
            {%- do two_tower.input_error(
                where, 'is ' ~ column.type ~ '; a feature is text, boolean, number, time, list of text or float[n].',
                'cast it in your model, or leave it out by config: {meta: {two_tower_encoding: ignore}} on the column.'
            ) -%}
        {%- elif encoding not in ['category', 'categories', 'number', 'text', 'vector', 'ignore'] -%}
            {%- do two_tower.input_error(
                where, "two_tower_encoding is '" ~ encoding ~ "'.", 'use category, categories, number, text, vector or ignore.'
            ) -%}
        {%- elif name in sources -%}
            {%- do two_tower.input_error(
                where, 'is named ' ~ name ~ ' as a feature, like column ' ~ sources[name] ~ '.', 'rename one of them in your model.'
            ) -%}
        {%- elif encoding != 'ignore' -%}
            {%- do sources.update({name: column.name}) -%}
            {{ two_tower.as_encoded(two_tower.quoted(column.name), column.type, encoding) }} as {{ two_tower.quoted(name) }},
        {% endif -%}
    {%- endfor -%}
{% endmacro %}


{% macro usual_encoding(label, column, is_silent=false) %}
    {#- The encoding of a feature column whose yml says none. The bookkeeping of a tool that loads tables says when a row was loaded or
        changed, which is known afterwards alone: such a column is left out. A name that says so in other words gets a warning. -#}
    {%- set name = column.name | lower -%}
    {%- set where = label ~ ', column ' ~ column.name ~ ': ' -%}
    {%- set warns = execute and (flags.WHICH in ['run', 'build', 'retry'] or two_tower.is_collecting()) and not is_silent -%}
    {%- if modules.re.match('dbt_(valid_(from|to)|updated_at|scd_id|is_deleted)$|_(fivetran|airbyte|dlt|sdc)_|__index_level_[0-9]+__$', name) -%}
        {%- if warns -%}
            {%- do exceptions.warn(
                where ~ 'is the bookkeeping of a tool that loads or snapshots tables, not a feature, and left out. If it is one, say how it is '
                ~ 'read: config: {meta: {two_tower_encoding: number}} on the column.'
            ) -%}
        {%- endif -%}
        {{ return('ignore') }}
    {%- endif -%}
    {%- set encoding = two_tower.encoding_of_type(column.type, column.name) -%}
    {%- if warns and encoding == 'number' and two_tower.type_family(column.type) == 'time' and modules.re.fullmatch(
        '.*(updated|modified|changed|loaded|synced|ingested|refreshed|processed|exported|extracted)(_?(at|on|ts|date|time|timestamp))?', name
    ) -%}
        {%- do exceptions.warn(
            where ~ 'seems to be the time of the last change of a row, which later events move: read as a feature it tells the past what came '
            ~ 'after. If so, leave it out: config: {meta: {two_tower_encoding: ignore}} on the column.'
        ) -%}
    {%- endif -%}
    {{ return(encoding) }}
{% endmacro %}
