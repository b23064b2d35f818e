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
