{% macro check_source_columns(relation, label, described) %}
    {#- Stops at the first described column that `relation` lacks or holds in another kind of type. -#}
    {%- set found = {} -%}
    {%- for row in run_query('describe select * from ' ~ relation).rows -%}
        {%- do found.update({row[0] | lower: row[1]}) -%}
    {%- endfor -%}
    {%- for column in described if column.data_type -%}
        {%- set type = found.get(column.name | lower) -%}
        {%- if type is none -%}
            {%- do two_tower.input_error(
                label ~ ', column ' ~ column.name, 'missing; found ' ~ found.keys() | join(', ') ~ '.',
                'add it to the source, or take it out of ' ~ model.original_file_path ~ ' and the yml files beside it.'
            ) -%}
        {%- elif two_tower.type_family(type) != two_tower.type_family(column.data_type) -%}
            {%- do two_tower.input_error(
                label ~ ', column ' ~ column.name, 'is ' ~ type ~ ', expected ' ~ column.data_type ~ '.',
                'mend the source, or cast it in ' ~ model.original_file_path ~ ' and correct the data_type in the sources yml.'
            ) -%}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}
