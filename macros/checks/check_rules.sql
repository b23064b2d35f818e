{% macro check_rules() %}
    {#- Pre-hook of active_rules: stops at the first rule that cannot be followed, and says which and why; under two_tower_bad_rows: skip a
        warning names the first five. -#}
    {%- if execute and var('two_tower_merchandising_rules') -%}
        {%- set wrong = run_query(
            "select rule_id, malformed.reason from (" ~ two_tower.judged_rules() ~ ") where malformed is not null order by rule_id asc"
        ).rows -%}
        {%- if wrong and not two_tower.skips('merchandising_rules') -%}
            {%- do two_tower.input_error(
                var('two_tower_merchandising_rules') ~ ", rule '" ~ wrong[0][0] ~ "'", wrong[0][1] ~ '.',
                'correct the rule, or leave such rules out: two_tower_bad_rows: skip.'
            ) -%}
        {%- endif -%}
        {%- set said = [] -%}
        {%- for rule in wrong -%}{%- do said.append("rule '" ~ rule[0] ~ "': " ~ rule[1]) -%}{%- endfor -%}
        {%- do two_tower.warn_of_rules(said, 'malformed, and left out') -%}
        {%- do two_tower.warn_of_rules(
            run_query("select concat('rule ''', rule_id, ''': ', reason) from (" ~ two_tower.idle_rules() ~ ') order by rule_id asc').columns[0].values(),
            'without effect'
        ) -%}
    {%- endif -%}
{% endmacro %}


{% macro warn_of_rules(said, problem) %}
    {#- A warning that names the first five of some rules. -#}
    {%- if said -%}
        {%- do exceptions.warn(
            var('two_tower_merchandising_rules') ~ ': ' ~ (said | length) ~ ' ' ~ problem ~ ': ' ~ said[:5] | join('; ')
            ~ ('; ...' if said | length > 5 else '.')
        ) -%}
    {%- endif -%}
{% endmacro %}
