{% macro merchandising_rules() %}
    {#- Select of all rules that people wrote, in force or not. -#}
    {{ two_tower.optional_relation(
        'two_tower_merchandising_rules', {'rule_id': 'varchar', 'action': 'varchar'},
        {'item_id': 'varchar', 'category': 'varchar', 'segment': 'varchar', 'position': 'integer', 'strength': 'double',
            'valid_from': 'timestamp', 'valid_until': 'timestamp'}
    ) }}
{%- endmacro %}
