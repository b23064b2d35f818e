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
        {%- set encoding = overrides.get(key, two_tower.encoding_of_type(column.type, column.name)) -%}
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
            {{ two_tower.as_encoded(adapter.quote(column.name), column.type, encoding) }} as {{ adapter.quote(name) }},
        {% endif -%}
    {%- endfor -%}
{% endmacro %}
