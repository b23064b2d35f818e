{% macro check_history() %}
    {#- Post-hook of interaction_splits: stops where there is nothing to learn from or to measure, and warns where there is little to
        choose settings by. -#}
    {#- outside the condition, or the model would not know that it depends on it -#}
    {%- set interactions = ref('two_tower', 'stg_interactions') -%}
    {%- if execute and flags.WHICH != 'clone' -%}
        {#- who only looked before has a history, too -#}
        {%- set looked = (' union select user_id from ' ~ interactions ~ ' where event_at < (select min(event_at) from ' ~ this
            ~ ' where window_number = 0)') if two_tower.tells_types_apart() else '' -%}
        {%- set found = run_query(
            'select count(distinct item_id), count(*) filter (where window_number >= 2), min(event_at), max(event_at),'
            ~ ' count(distinct user_id) filter (where window_number = 0), count(distinct user_id) filter (where window_number = 0'
            ~ ' and user_id in (select user_id from ' ~ this ~ ' where window_number > 0' ~ looked ~ ')), (select count(*) from (select user_id from '
            ~ this ~ ' group by user_id having count(distinct window_number) > 1)), count(distinct user_id) filter (where window_number = 1) from ' ~ this
        ).rows[0] -%}
        {%- set where = 'var two_tower_interactions (' ~ var('two_tower_interactions') ~ ')' -%}
        {%- if found[0] < 2 -%}
            {%- do two_tower.input_error(
                where, 'there ' ~ ('is only one item' if found[0] else 'are no interactions') ~ (
                    ' before ' ~ var('two_tower_as_of') ~ ' (var two_tower_as_of).' if var('two_tower_as_of') else '.'
                ), 'load more, or correct which column is item_id (var two_tower_columns).'
            ) -%}
        {%- elif not found[1] -%}
            {%- do two_tower.input_error(
                where, 'no interactions before the cutoff; they reach from ' ~ found[2] ~ ' to ' ~ found[3] ~ '.',
                two_tower.remedy_of_short_history(found[2], found[3])
            ) -%}
        {%- elif not found[4] and var('two_tower_as_of') -%}
            {%- do two_tower.input_error(
                where, 'no interactions in the ' ~ var('two_tower_test_days') ~ ' days before ' ~ var('two_tower_as_of')
                ~ ' (var two_tower_as_of); the newest is of ' ~ found[3] ~ '.',
                'correct two_tower_as_of, or leave it empty: the moment after the newest event is then now.'
            ) -%}
        {%- elif found[4] and not found[5] -%}
            {%- set problem = 'every user of the test window (' ~ found[4] ~ ') is new' -%}
            {%- if found[6] -%}
                {%- do exceptions.warn(where ~ ': ' ~ problem ~ '. What is measured there is how new users are served.') -%}
            {%- else -%}
                {%- do two_tower.input_error(
                    where, problem ~ ': nobody comes back.',
                    'correct which column is user_id (an order or session number looks like this), or load a longer past.'
                ) -%}
            {%- endif -%}
        {%- endif -%}
        {%- if found[7] < 30 -%}
            {%- do exceptions.warn(
                where ~ ': only ' ~ found[7] ~ ' users fall in the validation window, the one before the test window. The settings of the model are '
                ~ 'chosen on these users, so with fewer than 30 the choice is close to random. A wrong newest date, a gap in the load or '
                ~ 'too short windows (var two_tower_test_days) look like this.'
            ) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}


{% macro remedy_of_short_history(first, last) %}
    {#- What helps where times reach from `first` to `last` only. -#}
    {%- if first.year < 1971 -%}
        {{ return('correct the unit of time in your model: the start of a clock looks like this. epoch_ms(x) reads milliseconds, '
            ~ 'make_timestamp(x) microseconds.') }}
    {%- elif first == last -%}
        {{ return('name the column that says when things were done (var two_tower_columns); the day of a load looks like this. Where '
            ~ 'there is none, set two_tower_split: random.') }}
    {%- endif -%}
    {{ return('load at least three windows of ' ~ var('two_tower_test_days') ~ ' days, or lower var two_tower_test_days. Where times say '
        ~ 'nothing, set two_tower_split: random.') }}
{% endmacro %}
