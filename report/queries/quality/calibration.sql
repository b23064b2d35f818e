select
    100 * said as "Said %",
    100 * happened as "Happened %",
    pairs as "Pairs"
from ranker_calibration
order by said
