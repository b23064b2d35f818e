{% macro print_columns(input) %}
    {#- Prints the columns of an input, how each is read, and why. -#}
    {%- set known, names = two_tower.known_inputs()[input], {} -%}
    {%- set label = 'var two_tower_' ~ input ~ ' (' ~ var('two_tower_' ~ input) ~ ')' -%}
    {%- set overrides = two_tower.input_encodings('stg_' ~ input) if input in ['users', 'items'] else {} -%}
    {%- for name in known -%}
        {%- do names.update({two_tower.input_column_name(input, name) | lower: name}) -%}
    {%- endfor -%}
    {%- do print('\n' ~ input ~ ' (' ~ var('two_tower_' ~ input) ~ ')') -%}
    {%- for key, column in two_tower.relation_columns(two_tower.input_relation(input), label).items() -%}
        {%- set name = names.get(key) -%}
        {%- if name -%}
            {%- set kind = {'key': 'id'}.get(known[name].kind, known[name].kind) ~ ', ' ~ name -%}
            {%- set why = 'var two_tower_columns' if name != key else 'its name' -%}
        {%- elif input in ['users', 'items'] -%}
            {%- set usual = two_tower.usual_encoding(label, column, is_silent=true) -%}
            {%- set kind = 'feature, ' ~ overrides.get(key, usual) -%}
            {%- set why = 'config meta two_tower_encoding' if key in overrides else 'the bookkeeping of a tool' if usual == 'ignore' else
                'type ' ~ column.type ~ (', and named like a key' if usual == 'category' and two_tower.type_family(column.type) == 'number' else '') -%}
        {%- else -%}
            {%- set kind, why = 'not read', 'no column of this input' -%}
        {%- endif -%}
        {%- do print('  %-28s %-24s %s' | format(column.name, kind, why)) -%}
    {%- endfor -%}
{% endmacro %}


{% macro print_content(input, rows) %}
    {#- Prints what is in the rows of an input: how many there are, the newest time, repeats, types of events, the largest users and items. -#}
    {%- set columns = two_tower.known_inputs()[input] -%}
    {%- set time = (columns.keys() | select('in', ['event_at', 'review_at', 'exposed_at', 'occurred_at']) | list + [none])[0] -%}
    {%- set found = run_query('select count(*), ' ~ ('max(' ~ time ~ ')' if time else 'null') ~ ' from ' ~ rows).rows[0] -%}
    {%- do print('  ' ~ found[0] ~ ' rows' ~ (', the newest of ' ~ found[1] if time else '')) -%}
    {%- if input == 'interactions' and found[0] -%}
        {%- set repeats = run_query(
            'select round(100 * (1 - count(distinct (user_id, item_id)) / nullif(count(distinct (user_id, item_id, event_at)), 0))) from ' ~ rows
            ~ ' where ' ~ two_tower.is_target('event_type')
        ).rows[0][0] or 0 -%}
        {%- set policy = 'allow_repeats' if repeats >= 5 else 'unseen_only' -%}
        {%- do print('  repeats: ' ~ repeats | int ~ ' % of the target events are of an item that the user had before. two_tower_policy is '
            ~ var('two_tower_policy') ~ (', as usual for such a shop.' if policy == var('two_tower_policy') else '; usual is ' ~ policy ~ '.')) -%}
        {%- set shares = {} -%}
        {%- for row in run_query('select event_type, count(*) / ' ~ found[0] ~ ' as share from ' ~ rows ~ ' group by 1 order by 2 desc, 1').rows -%}
            {%- do shares.update({row[0]: row[1]}) -%}
        {%- endfor -%}
        {%- do print('  event types: ' ~ two_tower.said_shares(shares)) -%}
        {%- for key in ['user_id', 'item_id'] -%}
            {%- set largest = run_query('select ' ~ key ~ ', count(*) from ' ~ rows ~ ' group by 1 order by 2 desc, 1 limit 3').rows -%}
            {%- set said = [] -%}
            {%- for row in largest -%}
                {%- do said.append(row[0] ~ ' (' ~ (100 * row[1] / found[0]) | round(1) ~ ' %)') -%}
            {%- endfor -%}
            {%- do print('  most rows by ' ~ key ~ ': ' ~ said | join(', ')) -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}
