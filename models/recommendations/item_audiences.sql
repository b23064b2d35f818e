{{ config(post_hook="{{ two_tower.create_audience_for() }}") }}
{{ two_tower.item_audiences('production') }}
