{% macro embeddings_up_to_date(existing, contents, encoder) %}
    {#- Whether a table of embeddings has exactly the rows of `contents`, by this encoder: then nothing has to be written. -#}
    {%- if not existing or not existing.is_table -%}
        {{ return(false) }}
    {%- endif -%}
    {%- set wanted -%}
        select * exclude (content), {{ two_tower.literal(encoder.version) }} as encoder from ({{ contents }})
    {%- endset -%}
    {%- set types = two_tower.query_columns(existing) -%}
    {%- set embedding, problem = types.pop('embedding', none), types.pop('problem', none) -%}
    {%- if not problem or types.items() | list != two_tower.query_columns(wanted).items() | list -%}
        {{ return(false) }}
    {%- endif -%}
    {%- set found = 'select * exclude (embedding, problem) from ' ~ existing -%}
    {%- set compare -%}
        select
            (select count(*) from ({{ wanted }})) = (select count(*) from ({{ found }}))
            and not exists (({{ wanted }}) except all ({{ found }}))
            and not exists (select 1 from {{ existing }} where embedding is null and problem is null)
    {%- endset -%}
    {{ return(run_query(compare).rows[0][0]) }}
{% endmacro %}
