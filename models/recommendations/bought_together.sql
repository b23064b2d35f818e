{{ config(post_hook="{{ two_tower.create_complete_basket() }}") }}
{{ two_tower.bought_together('production') }}
