{#- What is bought again counts each time under repeats; under new, how many users wanted it at all says more. -#}
{{ two_tower.popularity_baseline('popularity', {'repeats': ['interactions'], 'new': ['users']}) }}
