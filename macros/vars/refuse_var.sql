{% macro refuse_var(name, value, allowed) %}
    {#- Stops with the value that a var has and those that it may have. -#}
    {%- set nouns = {'integer': 'a whole number', 'number': 'a number', 'text': 'text', 'list': 'a list',
        'mapping': 'a mapping', 'counts': 'a mapping of names to whole numbers not below 1'} -%}
    {%- set may_be = [nouns[allowed.type]] -%}
    {%- if allowed.among -%}
        {%- set may_be = ['a list of ' if allowed.type == 'list' else 'one of '] -%}
        {%- do may_be.append(allowed.among | join(', ')) -%}
    {%- endif -%}
    {%- if 'keys' in allowed -%}{%- do may_be.append(' of numbers by ' ~ allowed['keys'] | join(', ')) -%}{%- endif -%}
    {%- if allowed.least is defined -%}{%- do may_be.append(' not below ' ~ allowed.least) -%}{%- endif -%}
    {%- if allowed.most is defined -%}{%- do may_be.append(' and not above ' ~ allowed.most) -%}{%- endif -%}
    {%- do two_tower.input_error(
        'var ' ~ name, "value '" ~ value ~ "' is not allowed.",
        'give ' ~ may_be | join ~ ', in dbt_project.yml or with --vars.'
    ) -%}
{% endmacro %}
