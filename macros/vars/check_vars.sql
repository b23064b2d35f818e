{% macro check_vars() %}
    {#- Of check_project: stops at the first two_tower_ var, from the command line or the root project's dbt_project.yml, that has an
        unknown name or a value that is not allowed. -#}
    {%- if execute -%}
        {%- set known = two_tower.known_vars() -%}
        {%- set old_names = two_tower.old_names() -%}
        {%- for name in two_tower.given_vars() if name in old_names -%}
            {%- do two_tower.input_error(
                'var ' ~ name, 'is called ' ~ old_names[name] ~ ' since 0.2.0.', 'write ' ~ old_names[name] ~ ' in its place.'
            ) -%}
        {%- endfor -%}
        {#- also twotower_k, two-tower_k, Two_Tower_k -#}
        {%- for name in two_tower.given_vars()
            if modules.re.match('(?i)two[_-]?tower[_-]', name) and name not in known -%}
            {%- do two_tower.input_error(
                'var ' ~ name, 'unknown name.', 'use one of ' ~ known | join(', ') ~ '.'
            ) -%}
        {%- endfor -%}
        {%- for scope, vars in (two_tower.root_project().get('vars') or {}).items()
            if vars is mapping and scope != 'two_tower' and scope not in known -%}
            {%- for name in vars if name in known -%}
                {%- do two_tower.input_error(
                    'var ' ~ name, 'stands under ' ~ scope ~ ', where dbt shows it to that project alone.',
                    'put it under `vars: {two_tower: ...}`, or under vars itself.'
                ) -%}
            {%- endfor -%}
        {%- endfor -%}
        {%- for name, allowed in known.items() -%}
            {%- do two_tower.check_var(name, var(name), allowed) -%}
        {%- endfor -%}
        {%- if two_tower.is_collecting() and graph['two_tower_problems'] -%}
            {{ return('') }}  {#- what follows needs values of their types -#}
        {%- endif -%}
        {%- do two_tower.check_column_map() -%}
        {%- set as_of = var('two_tower_as_of') -%}
        {%- if as_of and run_query('select try_cast(' ~ two_tower.literal(as_of) ~ ' as timestamp) is null').rows[0][0] -%}
            {%- do two_tower.input_error(
                'var two_tower_as_of', "'" ~ as_of ~ "' is no moment.", 'write it like "2017-12-01" or "2017-12-01 18:30:00", or leave it empty.'
            ) -%}
        {%- endif -%}
        {%- for name, ids in var('two_tower_placeholder_ids').items()
            if name not in ['user_id', 'item_id'] or ids is string or ids is mapping or ids is not iterable -%}
            {%- do two_tower.input_error(
                'var two_tower_placeholder_ids', "'" ~ name ~ ': ' ~ ids ~ "' is not allowed.", 'write {user_id: ["0", ""], item_id: []}.'
            ) -%}
        {%- endfor -%}
        {%- if var('two_tower_event_weights') and not two_tower.tells_types_apart() -%}
            {%- do two_tower.input_error(
                'var two_tower_event_weights', 'no type of event is told apart from the others.',
                'name what is to be predicted first, such as two_tower_target_events: [purchase].'
            ) -%}
        {%- endif -%}
        {%- if var('two_tower_value_weight') and not var('two_tower_value_column') -%}
            {%- do two_tower.input_error(
                'var two_tower_value_weight', "value '" ~ var('two_tower_value_weight') ~ "' weighs a value, and no column has one.",
                'name a column of the items, such as two_tower_value_column: price, or set two_tower_value_weight: 0.'
            ) -%}
        {%- endif -%}
        {%- if var('two_tower_reviews') and var('two_tower_split') != 'time' -%}
            {%- do two_tower.input_error(
                'var two_tower_reviews', 'split ' ~ var('two_tower_split') ~ ' has no moment before which reviews could be read.',
                'leave it empty, or set two_tower_split: time.'
            ) -%}
        {%- endif -%}
        {%- set ks = var('two_tower_ks') -%}
        {%- do two_tower.check_var('two_tower_evaluation_k', var('two_tower_evaluation_k'), {'type': 'integer', 'least': ks | max}) -%}
        {%- do two_tower.check_var('two_tower_gate_k', var('two_tower_gate_k'), {'type': 'integer', 'among': ks}) -%}
    {%- endif -%}
{% endmacro %}


{% macro check_column_map() %}
    {#- Stops when var two_tower_columns names an input or a column of ours that there is not. -#}
    {%- set known = two_tower.known_inputs() -%}
    {%- for input, columns in var('two_tower_columns').items() -%}
        {%- if input not in known -%}
            {%- do two_tower.input_error(
                'var two_tower_columns', "unknown input '" ~ input ~ "'.", 'use one of ' ~ known | join(', ') ~ '.'
            ) -%}
        {%- endif -%}
        {%- if columns is not mapping -%}
            {%- do two_tower.input_error(
                'var two_tower_columns, ' ~ input, "value '" ~ columns ~ "' is not allowed.", 'write {our column: your column}.'
            ) -%}
        {%- endif -%}
        {%- for name in columns if name not in known[input] -%}
            {%- do two_tower.input_error(
                'var two_tower_columns, ' ~ input, "unknown column '" ~ name ~ "'.",
                'write {our column: your column}, ours being ' ~ known[input] | join(', ') ~ '.'
            ) -%}
        {%- endfor -%}
    {%- endfor -%}
{% endmacro %}
