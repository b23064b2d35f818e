{% macro warn_of_later_times(input, key) %}
    {#- Post-hook of the features of users and items: warns of a time that lies after the last event of most of them, as one does that
        moves with each load. Read as a feature it tells the past what came after. -#}
    {%- set interactions, described = ref('two_tower', 'interaction_splits'), ref('two_tower', 'stg_' ~ input) -%}
    {%- if execute and flags.WHICH != 'clone' -%}
        {%- set label = 'var two_tower_' ~ input ~ ' (' ~ var('two_tower_' ~ input) ~ ')' -%}
        {%- set known = two_tower.relation_columns(described, label) -%}
        {#- the types of the input, which the staging model does not have any more -#}
        {%- set times = [] -%}
        {%- for id in graph.nodes['model.two_tower.stg_' ~ input].depends_on.nodes -%}
            {%- set node = graph.nodes.get(id) or graph.sources.get(id) -%}
            {%- for row in run_query('describe select * from ' ~ node.relation_name).rows
                if two_tower.feature_name(row[0]) in known and two_tower.type_family(row[1]) == 'time' -%}
                {%- do times.append(row[0]) -%}
            {%- endfor -%}
        {%- endfor -%}
        {%- for name in times -%}
            {%- set value = 'described.' ~ two_tower.quoted(two_tower.feature_name(name)) -%}
            {%- set found = run_query(
                'select count(*), count(*) filter (where try_cast(' ~ value ~ ' as double) > last_day + 1) from ' ~ described
                ~ ' as described inner join (select ' ~ key ~ ', max(' ~ two_tower.days_of_time('event_at') ~ ') as last_day from '
                ~ interactions ~ ' group by ' ~ key ~ ') as lasts on described.' ~ key ~ ' = lasts.' ~ key ~ ' where ' ~ value
                ~ ' is not null'
            ).rows[0] -%}
            {%- if found[0] >= 20 and found[1] > 0.5 * found[0] -%}
                {%- do exceptions.warn(
                    label ~ ', column ' ~ name ~ ': lies after the last event of ' ~ found[1] ~ ' of ' ~ found[0] ~ ' ' ~ input
                    ~ '. A time that each load or a later event moves looks like this, and tells the past what came after. If it is one, '
                    ~ 'leave it out: config: {meta: {two_tower_encoding: ignore}} on the column.'
                ) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}
