{% test embedding_coverage(model, entities, key, column_name='embedding', minimum=1.0, entities_key=none) %}
    {#- At least the share `minimum` of the rows of `entities` (a relation) has a whole embedding: no NULL, NaN or infinity. -#}
    with

    covered as (
        select cast({{ key }} as varchar) as id
        from {{ model }}
        where
            {{ column_name }} is not null
            and list_bool_and(
                list_transform(cast({{ column_name }} as double[]), lambda x: coalesce(isfinite(x), false))
            )
    ),

    shares as (
        select
            count(*) as n_entities,
            avg(case when covered.id is null then 0.0 else 1.0 end) as coverage
        from {{ entities }} as entities
        left join (select distinct id from covered) as covered
            on cast(entities.{{ entities_key or key }} as varchar) = covered.id
    ),

    validation_errors as (
        select * from shares
        where coalesce(coverage, 0) < {{ minimum }}
    )

    select * from validation_errors
{% endtest %}
