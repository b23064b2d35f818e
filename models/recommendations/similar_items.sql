{{ config(post_hook="{{ two_tower.create_similar_to() }}") }}
{{ two_tower.similar_items('production') }}
