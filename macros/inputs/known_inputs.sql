{% macro known_inputs() %}
    {#- Every input and its columns. `kind` is what a column holds: key, text, time (it has happened), local time (of a rule), number or
        integer. `otherwise` stands in for a column that is not there; `of` names the models that know its values; numbers below
        `least` are doubtful; a `nullable` one may be NULL in any row. -#}
    {%- set users, items = ['stg_users', 'stg_interactions'], ['stg_items', 'stg_interactions'] -%}
    {%- set known = {
        'interactions': {
            'user_id': {'kind': 'key'},
            'item_id': {'kind': 'key'},
            'event_at': {'kind': 'time'},
            'event_type': {'kind': 'text', 'otherwise': "'interaction'"},
            'quantity': {'kind': 'number', 'otherwise': '1'},
            'price': {'kind': 'number', 'otherwise': 'null', 'least': 0},
            'order_id': {'kind': 'text', 'otherwise': 'null', 'nullable': true},
        },
        'users': {'user_id': {'kind': 'key'}},
        'items': {'item_id': {'kind': 'key'}},
        'reviews': {
            'user_id': {'kind': 'key', 'of': users},
            'item_id': {'kind': 'key', 'of': items},
            'review_at': {'kind': 'time'},
            'rating': {'kind': 'number', 'otherwise': 'null'},
            'text': {'kind': 'text', 'otherwise': 'null'},
        },
        'item_availability': {
            'item_id': {'kind': 'key', 'of': items},
            'segment': {'kind': 'text', 'otherwise': 'null', 'of': ['user_segments']},
            'available_from': {'kind': 'local time', 'otherwise': 'null'},
            'available_until': {'kind': 'local time', 'otherwise': 'null'},
        },
        'user_exclusions': {'user_id': {'kind': 'key', 'of': users}, 'item_id': {'kind': 'key', 'of': items}},
        'merchandising_rules': {
            'rule_id': {'kind': 'text', 'nullable': true},
            'action': {'kind': 'text', 'nullable': true},
            'item_id': {'kind': 'key', 'otherwise': 'null'},
            'category': {'kind': 'text', 'otherwise': 'null'},
            'segment': {'kind': 'text', 'otherwise': 'null'},
            'position': {'kind': 'integer', 'otherwise': 'null'},
            'strength': {'kind': 'number', 'otherwise': 'null'},
            'valid_from': {'kind': 'local time', 'otherwise': 'null'},
            'valid_until': {'kind': 'local time', 'otherwise': 'null'},
        },
        'exposures': {
            'experiment': {'kind': 'text'},
            'user_id': {'kind': 'key', 'of': users},
            'variant': {'kind': 'text'},
            'exposed_at': {'kind': 'time'},
        },
        'outcomes': {
            'user_id': {'kind': 'key', 'of': users},
            'occurred_at': {'kind': 'time'},
            'revenue': {'kind': 'number', 'nullable': true},
        },
    } -%}
    {#- a column that is not asked for may be anything -#}
    {%- do known.interactions.update(
        {'rating': {'kind': 'number', 'nullable': true}} if var('two_tower_least_rating') is number else {}
    ) -%}
    {{ return(known) }}
{% endmacro %}
