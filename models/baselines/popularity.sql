{{ config(materialized=two_tower.by_user()) }}
{#- Under allow_repeats each purchase counts; under unseen_only the number of users who wanted the item says more. -#}
{{ two_tower.popularity_baseline('popularity', {'allow_repeats': ['interactions'], 'unseen_only': ['users']}) }}
