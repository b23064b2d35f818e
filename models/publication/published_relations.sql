{#- What is written into the published file is what this model depends on: dbt knows no model's access yet while it
    reads this list. A test holds the list against the public models, and that of the macros against their hooks. -#}
{%- set models = [
    'bought_together', 'buy_again', 'drift_checks', 'feature_samples', 'feature_vocabulary',
    'history_attributions', 'item_audiences', 'item_embeddings', 'item_neighbours', 'item_traits',
    'item_weights', 'model_registry', 'new_arrivals', 'popular_items', 'ranked_candidates', 'ranker_registry',
    'recommendations', 'recommendations_by_category', 'rejected_rows', 'repeat_purchases', 'run_measures',
    'segment_activity', 'similar_items', 'similar_users', 'stages', 'trending_items', 'user_embeddings',
] -%}
{%- set macros = [
    two_tower.create_audience_for(), two_tower.create_complete_basket(), two_tower.create_rank_items_for(),
    two_tower.create_recommend_for(), two_tower.create_recommend_for_items(), two_tower.create_similar_to(),
    two_tower.create_why(),
] -%}
{%- if 'evaluation' in var('two_tower_stages') -%}
    {%- do models.extend([
        'candidate_recall', 'evaluation_lists', 'evaluation_recommendations', 'gates',
        'list_metrics_by_user', 'list_quality', 'list_trade_offs', 'lists_by_model', 'model_comparisons', 'ranker_calibration',
        'recall_by_model', 'recall_by_user', 'relevant_items',
    ]) -%}
    {%- do macros.append(two_tower.create_recall_at()) -%}
{%- endif -%}
{%- if project_name == 'two_tower' or (var('two_tower_experiments') or {}) | length > 0 -%}
    {%- do models.extend(['experiment_assignments', 'experiment_metrics', 'experiment_results']) -%}
{%- endif -%}
{%- for name in models -%}
    {%- do ref('two_tower', name) -%}
{%- endfor -%}
{{ two_tower.published_relations(macros) }}
