{% macro check_something_is_left() %}
    {#- Post-hook of unavailable_items, inside its transaction: stops before any list is made where a segment could be shown nothing. -#}
    {%- if execute and flags.WHICH != 'clone' -%}
        {%- set found = run_query(
            'select min(segment) from (select segment from ' ~ this ~ ' group by segment having count(*) = (select count(*) from '
            ~ ref('two_tower', 'item_categories') ~ '))'
        ).rows[0] -%}
        {%- if found[0] is not none -%}
            {%- do two_tower.input_error(
                this.name, "every item would be withheld from segment '" ~ found[0] ~ "'; the table stays as it was.",
                'correct the relation of var two_tower_item_availability, or the rules that exclude.'
            ) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
