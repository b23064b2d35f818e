{% macro item_traits() %}
    {#- Select of what the feature columns say of each item in words: item_id, trait. A category is one trait, a list one for each
        of its members, a text one for each word of three letters and more. -#}
    {%- set of_encoding = {
        'category': "[lower({column})]",
        'categories': "list_transform(list_distinct({column}), lambda member: lower(member))",
        'text': "list_distinct(regexp_extract_all(lower({column}), '[\\w]{3,}'))",
    } -%}
    {%- set columns = [] -%}
    {%- for column in two_tower.feature_columns('stg_items', ['item_id']) if column.encoding in of_encoding -%}
        {%- do columns.append(column) -%}
    {%- endfor -%}
    {%- for column in columns %}
    select
        item_id,
        {{ two_tower.literal(column.name ~ ' ') }} || unnest({{ of_encoding[column.encoding].replace('{column}', two_tower.quoted(column.name)) }}) as trait
    from {{ ref('two_tower', 'stg_items') }}
    where {{ two_tower.quoted(column.name) }} is not null
    {{ 'union all' if not loop.last }}
    {%- else %}
    select item_id, 'no feature' as trait from {{ ref('two_tower', 'stg_items') }} where false
    {%- endfor %}
{%- endmacro %}
