{% macro merchandising_rules(is_checked=false) %}
    {#- Select of all rules that people wrote, in force or not; under two_tower_bad_rows: skip without the malformed ones. -#}
    select * exclude (malformed) from ({{ two_tower.judged_rules(is_checked) }})
    {%- if two_tower.skips('merchandising_rules') %}
    where malformed is null
    {%- endif %}
{%- endmacro %}
