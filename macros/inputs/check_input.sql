{% macro check_input(input, columns) %}
    {#- The checks of every row that every input gets, by what known_inputs() declares of its columns; called where the input is read
        (macro input_rows). What cannot be meant stops the run, what may be meant gets a warning that says what is made of it. -#}
    {%- set models = {} -%}
    {%- for wanted in two_tower.known_inputs()[input].values() -%}
        {#- outside the condition, or the model would not know that it depends on them -#}
        {%- for name in wanted.of or [] -%}{%- do models.update({name: ref('two_tower', name)}) -%}{%- endfor -%}
    {%- endfor -%}
    {%- if execute and (flags.WHICH in ['run', 'build', 'retry'] or two_tower.is_collecting()) and columns -%}
        {%- set rows, label = two_tower.input_relation(input), 'var two_tower_' ~ input ~ ' (' ~ var('two_tower_' ~ input) ~ ')' -%}
        {%- set doubts = two_tower.doubtful_values(input, columns) -%}
        {%- set counts = [] -%}
        {%- for doubt in doubts -%}
            {%- do counts.append('count(*) filter (where ' ~ doubt.condition ~ ')') -%}
            {%- do counts.append('cast(min(' ~ doubt.column ~ ') filter (where ' ~ doubt.condition ~ ') as varchar)') -%}
        {%- endfor -%}
        {%- set found = run_query('select ' ~ (counts or ['0']) | join(', ') ~ ' from ' ~ rows).rows[0] if doubts else [] -%}
        {%- for doubt in doubts -%}
            {%- set count, value = found[2 * loop.index0], found[2 * loop.index0 + 1] -%}
            {%- if count -%}
                {%- set where = label ~ ', column ' ~ doubt.name -%}
                {%- set problem = count ~ ' rows ' ~ doubt.problem ~ (" (such as '" ~ value ~ "')" if value is not none else '') ~ '.' -%}
                {%- if doubt.stops -%}{%- do two_tower.input_error(where, problem, doubt.remedy) -%}{%- endif -%}
                {%- do exceptions.warn(where ~ ': ' ~ problem ~ ' ' ~ doubt.remedy) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- for name, wanted in two_tower.known_inputs()[input].items() if columns[name] != wanted.otherwise -%}
            {%- if wanted.of -%}
                {%- set knowing = [] -%}
                {%- for model_name in wanted.of -%}{%- do knowing.append(models[model_name]) -%}{%- endfor -%}
                {%- do two_tower.warn_of_unmatched_rows(label, rows, name, columns[name], knowing) -%}
            {%- endif -%}
            {%- if wanted.kind == 'key' and input not in ['item_availability', 'merchandising_rules'] -%}
                {%- do two_tower.warn_of_placeholders(label, rows, name, columns[name]) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- if input in ['interactions', 'outcomes'] -%}{%- do two_tower.warn_of_repeated_rows(label, rows, columns) -%}{%- endif -%}
    {%- endif -%}
{% endmacro %}


{% macro doubtful_values(input, columns) %}
    {#- What is looked for in the values of an input's columns: [{name, column, condition, problem, remedy, stops, is_left_out}]. -#}
    {%- set doubts, is_strict = [], two_tower.is_strict(input) -%}
    {%- for name, wanted in two_tower.known_inputs()[input].items() if columns[name] != wanted.otherwise -%}
        {%- set column, moment = columns[name], 'try_cast(' ~ columns[name] ~ ' as timestamp)' -%}
        {%- if not is_strict and wanted.otherwise is not defined and not wanted.nullable -%}
            {%- do doubts.append({'name': name, 'column': column, 'condition': column ~ ' is null',
                'problem': 'are NULL', 'remedy': 'They are left out.', 'is_left_out': true}) -%}
        {%- endif -%}
        {%- if wanted.kind == 'time' -%}
            {%- do doubts.append({'name': name, 'column': column, 'condition': moment ~ " = timestamp '-infinity'",
                'problem': 'are -infinity', 'stops': is_strict, 'is_left_out': not is_strict, 'remedy': 'They are left out.' if not is_strict
                else 'correct the time, or leave them out in your model: where isfinite(' ~ column ~ ').'}) -%}
            {%- do doubts.append({'name': name, 'column': column,
                'condition': moment ~ " < timestamp '1971-01-01' and isfinite(" ~ moment ~ ')',
                'problem': 'are before 1971', 'remedy': 'The start of a clock, another unit of time and a date that stands for none look '
                ~ 'like this. Where it is one, leave these rows out in your model: where ' ~ column ~ " >= timestamp '1971-01-01'."}) -%}
            {%- if not is_strict -%}
                {%- do doubts.append({'name': name, 'column': column, 'condition': column ~ ' is not null and ' ~ moment
                    ~ " > timestamp '1971-01-01' and not " ~ two_tower.has_happened(column),
                    'problem': 'lie in the future', 'is_left_out': true,
                    'remedy': 'They are left out. Correct the clock or the unit of time.'}) -%}
            {%- endif -%}
        {%- elif wanted.kind == 'number' -%}
            {%- do doubts.append(two_tower.not_finite(name, column, '1e30')) -%}
            {%- if wanted.least is defined -%}
                {%- do doubts.append({'name': name, 'column': column, 'condition': 'try_cast(' ~ column ~ ' as double) < ' ~ wanted.least,
                    'problem': 'are below ' ~ wanted.least, 'remedy': 'They count as they are. If they are discounts or refunds, leave '
                    ~ 'them out in your model: where ' ~ column ~ ' >= ' ~ wanted.least ~ '.'}) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for name, column in columns.items() if two_tower.skips(input) and column != two_tower.known_inputs()[input][name].otherwise -%}
        {%- set target = {'time': 'timestamp', 'local time': 'timestamp', 'number': 'double', 'integer': 'integer'}.get(
            two_tower.known_inputs()[input][name].kind
        ) -%}
        {%- if target -%}
            {%- do doubts.append({'name': name, 'column': column, 'condition': two_tower.is_unread(column, target),
                'problem': 'cannot be read as ' ~ target, 'is_left_out': true, 'remedy': 'They are left out.'}) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if input in ['users', 'items'] -%}
        {%- for column in two_tower.relation_columns(two_tower.input_relation(input), input).values()
            if column.type in ['FLOAT', 'DOUBLE'] -%}
            {%- do doubts.append(two_tower.not_finite(column.name, two_tower.quoted(column.name))) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(doubts) }}
{% endmacro %}


{% macro not_finite(name, column, most=none) %}
    {#- One of doubtful_values: NaN and infinity. -#}
    {{ return({'name': name, 'column': column, 'condition': 'not ' ~ two_tower.is_number(column, most),
        'problem': 'are NaN or infinite' ~ (', or beyond ' ~ most if most else ''), 'remedy': 'They count as missing (NULL).'}) }}
{% endmacro %}


{% macro warn_of_placeholders(label, rows, name, column) %}
    {#- Warns of the most frequent id that stands for nobody in particular, and says how to leave it out. -#}
    {%- set placeholders = two_tower.placeholder_ids(name) -%}
    {%- set kept = '(select * from ' ~ rows ~ ' where cast(' ~ column ~ ' as varchar) not in ('
        ~ two_tower.literal(placeholders)[1:-1] ~ '))' if placeholders else rows -%}
    {%- set found = run_query(two_tower.outsized_ids(kept, column) ~ ' limit 1').rows -%}
    {%- if found -%}
        {%- set id = two_tower.literal(found[0][0]) -%}
        {%- do exceptions.warn(
            label ~ ', column ' ~ name ~ ': ' ~ found[0][1] | int ~ ' of ' ~ found[0][2] | int ~ ' rows have the value ' ~ id
            ~ '. An id that all guests share, or that stands for a missing one, looks like this, and counts as one '
            ~ name.removesuffix('_id') ~ '. Leave it out in your model, where ' ~ column ~ ' != ' ~ id
            ~ ', or for all inputs: two_tower_placeholder_ids: {' ~ name ~ ': [' ~ tojson(found[0][0]) ~ ']} under vars.'
        ) -%}
    {%- endif -%}
{% endmacro %}


{% macro warn_of_repeated_rows(label, rows, columns) %}
    {#- Warns where nearly each row of what is added up stands there twice or more, as after a join with too few keys. -#}
    {%- set found = run_query(
        'select count(*), approx_count_distinct((' ~ columns.values() | join(', ') ~ ')) from ' ~ rows
    ).rows[0] -%}
    {%- if found[0] > 1.9 * found[1] and found[0] > 10 -%}
        {%- do exceptions.warn(
            label ~ ': ' ~ found[0] ~ ' rows, of which about ' ~ found[1] ~ ' differ. All of them are added up. A join that repeats rows looks '
            ~ 'like this; if it is one: select distinct in your model.'
        ) -%}
    {%- endif -%}
{% endmacro %}
