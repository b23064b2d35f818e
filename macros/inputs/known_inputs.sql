{% macro known_inputs() %}
    {#- The columns that each input relation must have, or may have: then `otherwise` stands in. -#}
    {{ return({
        'interactions': {
            'user_id': {'kind': 'key'},
            'item_id': {'kind': 'key'},
            'event_at': {'kind': 'time'},
            'event_type': {'kind': 'text', 'otherwise': "'interaction'"},
            'quantity': {'kind': 'number', 'otherwise': '1'},
            'price': {'kind': 'number', 'otherwise': 'null'},
        },
        'users': {'user_id': {'kind': 'key'}},
        'items': {'item_id': {'kind': 'key'}},
    }) }}
{% endmacro %}
