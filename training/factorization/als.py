"""Implicit ALS (Hu, Koren, Volinsky 2008) by the `implicit` library."""

from __future__ import annotations

from typing import Any

import numpy as np
from implicit.cpu.als import AlternatingLeastSquares
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits


def als(
    matrix: csr_matrix, factors: int, *, seed: int, threads: int, **settings: Any
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Users [users, factors] and items [items, factors], whose products are the scores; threads 0 = all cores.

    settings: regularization, alpha and iterations, as `implicit` has them. The result does not depend on threads.
    """
    # implicit runs its own threads: BLAS threads below them only fight for the same cores
    with threadpool_limits(limits=1, user_api="blas"):
        model: Any = AlternatingLeastSquares(factors, random_state=seed, num_threads=threads, **settings)
        model.fit(matrix, show_progress=False)
    return model.user_factors, model.item_factors
