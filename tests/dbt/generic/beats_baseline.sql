{% test beats_baseline(model, baseline, policy, by=0, k=10, recommender='two_tower', slice='all') %}
    {#- On model_comparisons: a recommender's recall@k is above the baseline's by more than the share `by`, at the lower bound.
        A comparison that is not there fails. -#}
    with

    measured as (
        select max(coalesce(lift_low, difference_low)) as lift_low
        from {{ model }}
        where
            model = '{{ recommender }}'
            and baseline = '{{ baseline }}'
            and policy = '{{ policy }}'
            and slice = '{{ slice }}'
            and k = {{ k }}
    ),

    validation_errors as (
        select * from measured
        where lift_low is null or lift_low <= {{ by }}
    )

    select * from validation_errors
{% endtest %}
