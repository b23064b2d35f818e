{% macro check_var(name, value, allowed) %}
    {#- Stops when `value` is not what `allowed` says: {type, least, most, among, keys, by, may_be_empty}; a list is judged by each
        member. With keys each value of a mapping is a number; by: the keys of a mapping whose values may be
        anything. No number may be NaN, infinite, or beyond those of SQL's integer. -#}
    {%- set is_list = value is iterable and value is not string and value is not mapping -%}
    {%- set fits = {'integer': value is integer, 'number': value is number or (allowed.may_be_empty and value == ''),
        'text': value is string, 'mapping': value is mapping, 'boolean': value is boolean,
        'list': is_list and (value or allowed.may_be_empty),
        'names': is_list and value | select('string') | list | length == value | length,
        'numbers': value is mapping and two_tower.finite_numbers(value.values()) | length == value | length,
        'counts': value is mapping and value.values() | reject('boolean') | select('integer') | select('ge', 1) | select('le', 2147483647) | list | length == value | length} -%}
    {%- if (value is boolean) != (allowed.type == 'boolean') or not fits[allowed.type]
        or (allowed.type == 'number' and value is number and not two_tower.finite_numbers([value])) -%}
        {%- do two_tower.refuse_var(name, value, allowed) -%}
    {%- endif -%}
    {%- for key, number in (value if 'keys' in allowed else {}).items()
        if key not in allowed['keys'] or not two_tower.finite_numbers([number]) -%}
        {%- do two_tower.refuse_var(name, value, allowed) -%}
    {%- endfor -%}
    {%- for key in (value if 'by' in allowed else []) if key not in allowed.by -%}
        {%- do two_tower.refuse_var(name, value, allowed) -%}
    {%- endfor -%}
    {%- for member in (value if is_list else [value]) -%}
        {%- set is_measured = allowed.least is defined or allowed.most is defined -%}
        {%- if (is_measured and member is not number)
            or (member is number and member is not boolean and (not two_tower.finite_numbers([member]) or member > allowed.get('most', 2147483647)))
            or (allowed.among and member not in allowed.among)
            or (allowed.least is defined and member < allowed.least) -%}
            {%- do two_tower.refuse_var(name, value, allowed) -%}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}


{% macro refuse_var(name, value, allowed) %}
    {#- Stops with the value that a var has and those that it may have, or with the new name of an old one. -#}
    {%- set old_names = two_tower.old_names() -%}
    {%- for given in ([value] if value is string or value is not iterable else value)
        if given is string and given in old_names and old_names[given] in allowed.get('among', allowed.get('keys', allowed.by or [])) -%}
        {%- do two_tower.input_error(
            'var ' ~ name, "'" ~ given ~ "' is called " ~ old_names[given] ~ ' since 0.2.0.',
            'write `' ~ old_names[given] ~ '` in place of `' ~ given ~ '`.'
        ) -%}
    {%- endfor -%}
    {%- set nouns = {'integer': 'a whole number', 'number': 'a number', 'text': 'text', 'list': 'a list',
        'mapping': 'a mapping', 'boolean': 'true or false', 'names': 'a list of names',
        'numbers': 'a mapping of names to finite numbers', 'counts': 'a mapping of names to whole numbers not below 1'} -%}
    {%- set may_be = [nouns[allowed.type]] -%}
    {%- if allowed.among -%}
        {%- set may_be = ['a list of ' if allowed.type == 'list' else 'one of '] -%}
        {%- do may_be.append(allowed.among | join(', ')) -%}
    {%- endif -%}
    {%- if 'keys' in allowed -%}{%- do may_be.append(' of numbers by ' ~ allowed['keys'] | join(', ')) -%}{%- endif -%}
    {%- if 'by' in allowed -%}{%- do may_be.append(' of parameters by ' ~ allowed.by | join(', ')) -%}{%- endif -%}
    {%- if allowed.least is defined -%}{%- do may_be.append(' not below ' ~ allowed.least) -%}{%- endif -%}
    {%- set most = allowed.get('most', 2147483647) -%}
    {%- if allowed.most is defined or value is number and value > most -%}{%- do may_be.append(' and not above ' ~ most) -%}{%- endif -%}
    {%- do two_tower.input_error(
        'var ' ~ name, "value '" ~ value ~ "' is not allowed.",
        'give ' ~ may_be | join ~ ', in dbt_project.yml or with --vars.'
    ) -%}
{% endmacro %}


{% macro finite_numbers(values) %}
    {#- Those of the values that are numbers, without NaN and infinities. -#}
    {%- set numbers = [] -%}
    {%- for value in values if value is number and value is not boolean and value == value and -1e30 < value < 1e30 -%}
        {%- do numbers.append(value) -%}
    {%- endfor -%}
    {{ return(numbers) }}
{% endmacro %}
