{% macro hashed_contents(query, reads) %}
    {#- Select of a query's columns and the hash of its column `content`; a file's hash changes with its time and size. -#}
    {%- set types = two_tower.query_columns(query) -%}
    {%- set allowed = ['VARCHAR'] if reads == 'text' else ['VARCHAR', 'BLOB'] -%}
    {%- if types.content not in allowed -%}
        {%- do two_tower.input_error(
            'model ' ~ this.identifier ~ ', column content',
            ('is ' ~ types.content if types.content else 'missing') ~ '; the encoder reads ' ~ reads ~ '.',
            'select ' ~ allowed | join(' or ') ~ ' as content.'
        ) -%}
    {%- endif -%}
    {%- for name in ['content_hash', 'encoder', 'embedding', 'problem'] if name in types -%}
        {%- do two_tower.input_error(
            'model ' ~ this.identifier ~ ', column ' ~ name, 'has the name of a column that the table of embeddings gets.',
            'give it another name.'
        ) -%}
    {%- endfor -%}
    {%- set is_path = reads == 'image' and types.content == 'VARCHAR' -%}
    {%- set hashed -%}
        select
            *,
            md5({{ "content || ' ' || picture_version(content)" if is_path else 'content' }}) as content_hash
        from (
            {{ query }}
        )
    {%- endset -%}
    {{ return(hashed) }}
{% endmacro %}
