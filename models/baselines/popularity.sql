{#- What is bought again counts each time under allow_repeats; under unseen_only, how many users wanted it at all says more. -#}
{{ two_tower.popularity_baseline('popularity', {'allow_repeats': ['interactions'], 'unseen_only': ['users']}) }}
