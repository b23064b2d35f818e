{% macro warn_of_names() %}
    {#- Post-hook of feature_vocabulary: names the category columns of which no value has a code. -#}
    {%- if execute and flags.WHICH != 'clone' -%}
        {%- set coded = run_query('select distinct feature from ' ~ this).columns[0].values() -%}
        {%- for entity in ['item', 'user'] -%}
            {%- set input = 'two_tower_' ~ entity ~ 's' -%}
            {%- for column in two_tower.feature_columns('stg_' ~ entity ~ 's', [entity ~ '_id'])
                if column.encoding in ['category', 'categories'] and entity ~ '.' ~ column.name not in coded -%}
                {%- do exceptions.warn(
                    'var ' ~ input ~ ' (' ~ var(input) ~ '), column ' ~ column.name ~ ': hardly any of its values stands in two rows of '
                    ~ entity ~ 's with a history, so it is not read. If it is a text, say so; if a name or a key, leave it out: '
                    ~ 'config: {meta: {two_tower_encoding: text}} or ignore on the column.'
                ) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}
