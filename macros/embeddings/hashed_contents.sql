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
    {%- if is_path and not two_tower.setting('two_tower_pictures_root') -%}
        {%- do exceptions.warn(
            'model ' ~ this.identifier ~ ', column content: paths of pictures may name any file that this process may read. Name the '
            ~ 'folder where they lie: two_tower_pictures_root under vars in dbt_project.yml; paths are then relative to it.'
        ) -%}
    {%- endif -%}
    {%- set version = "content || ' ' || picture_version(content" ~ two_tower.pictures_root('image') ~ ')' -%}
    {%- set hashed -%}
        select
            *,
            md5({{ version if is_path else 'content' }}) as content_hash
        from (
            {{ query }}
        )
    {%- endset -%}
    {{ return(hashed) }}
{% endmacro %}


{% macro pictures_root(reads) %}
    {#- The last argument of the functions on pictures, the folder to which paths are confined; nothing for texts. -#}
    {{ return(', ' ~ two_tower.literal(two_tower.setting('two_tower_pictures_root')) if reads == 'image' else '') }}
{% endmacro %}
