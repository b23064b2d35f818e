{% macro check_flags() %}
    {#- Of check_project: models of this package must not be built from no rows or from a sample, since the lists that come of that
        would take the place of good ones. -#}
    {%- set is_sample = invocation_args_dict.get('sample') -%}  {#- flags.SAMPLE is empty in Jinja -#}
    {%- if execute and (flags.EMPTY or is_sample) and flags.WHICH in ['run', 'build', 'retry'] -%}
        {%- set chosen = [] -%}
        {%- for id in selected_resources if id.startswith('model.two_tower.') -%}
            {%- do chosen.append(id.split('.')[2]) -%}
        {%- endfor -%}
        {%- if chosen -%}
            {%- do two_tower.input_error(
                '--' ~ ('empty' if flags.EMPTY else 'sample'),
                'would publish ' ~ chosen[0] ~ ' and ' ~ (chosen | length - 1) ~ ' more models without (all) their rows.',
                'add `--exclude package:two_tower`; its tables stay as they are.'
            ) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
