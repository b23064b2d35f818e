"""Everything that needs torch: the towers and their fit, and the fit of the baselines."""

import os

# Threads that wait without spinning: beside another busy process a fit took up to 20 times as long with the default.
# Read once, when the first OpenMP library is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
