select item_id, "{{ column | replace('"', '""') }}" as picture from stg_items
where item_id in ({{ ids | map('literal') | join(', ') }}) and picture is not null
