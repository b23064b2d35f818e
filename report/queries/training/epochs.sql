select
    stage as "Stage",
    phase as "Phase",
    epoch as "Epoch",
    loss as "Loss",
    seconds as "Seconds",
    100 * greatest({{ recalls | join(', ') }}) as "Validation recall %"
from training_epochs
order by stage, epoch
limit 200
