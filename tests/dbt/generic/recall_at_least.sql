{% test recall_at_least(model, minimum, policy, k=10, recommender='two_tower', slice='all') %}
    {#- On recall_by_model: the lower bound of a recommender's recall@k is at least `minimum`. A recall that is not there fails. -#}
    with

    measured as (
        select max(recall_low) as recall_low
        from {{ model }}
        where model = '{{ recommender }}' and policy = '{{ policy }}' and slice = '{{ slice }}' and k = {{ k }}
    ),

    validation_errors as (
        select * from measured
        where coalesce(recall_low, -1) < {{ minimum }}
    )

    select * from validation_errors
{% endtest %}
