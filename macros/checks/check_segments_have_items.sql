{% macro check_segments_have_items() %}
    {#- Post-hook of unavailable_items, inside its transaction: stops before any list is made where more than a fifth of the users could be
        shown nothing, and warns where some could not. -#}
    {%- if execute and flags.WHICH != 'clone' -%}
        {%- set found = run_query(
            'with empty as (select segment from ' ~ this ~ ' group by segment having count(*) = (select count(*) from '
            ~ ref('two_tower', 'item_categories') ~ ')) select count(*), count(*) filter (where segment in (from empty)),
            (select string_agg(segment, \', \' order by segment asc) from empty) from ' ~ ref('two_tower', 'user_segments')
        ).rows[0] -%}
        {%- set problem = found[1] ~ ' of ' ~ found[0] ~ ' users would get no list: every item is withheld from ' ~ found[2] -%}
        {%- set remedy = 'give var two_tower_item_availability rows for that segment (NULL: for all; unknown: users without one), or '
            ~ 'correct the rules that exclude.' -%}
        {%- if found[1] > 0.2 * found[0] -%}
            {%- do two_tower.input_error(this.name, problem ~ '; the table stays as it was.', remedy) -%}
        {%- elif found[1] -%}
            {%- do exceptions.warn(this.name ~ ': ' ~ problem ~ '. If they should: ' ~ remedy) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
