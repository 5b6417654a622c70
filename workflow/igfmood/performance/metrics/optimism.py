"""How much of what a model seems to be worth is optimism: the bootstrap of the whole procedure.

Takes a procedure that learns from some people and predicts everybody, and measures; gives each
measure as it appears, its optimism, and what is left.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from igfmood.errors import NotEstimable

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
#: Learns from the people at these positions and predicts everybody, shape (m, n) for m models.
Procedure = Callable[[IntArray], FloatArray]
#: A number from the people at these positions, shape (n,), and the predictions for them.
Measure = Callable[[IntArray, FloatArray], float]


@dataclass(frozen=True)
class Optimism:
    """One measure of a model.

    Attributes
    ----------
    apparent : float
        Among the people whom the model was built from.
    training, test : float
        Means over the bootstrap models: among the people each was built from, and among all.
    optimism : float
        Their difference.
    corrected : float
        Apparent minus optimism.
    se : float
        Monte Carlo standard error of the optimism.
    resamples : int
        Bootstrap samples in which a model could be built.
    failed : int
        Samples that are left out: no model could be built, or a measure not be taken.
    """

    apparent: float
    training: float
    test: float
    se: float
    resamples: int
    failed: int

    @property
    def optimism(self) -> float:
        """Mean of training minus test."""
        return self.training - self.test

    @property
    def corrected(self) -> float:
        """What is left of the apparent value."""
        return self.apparent - self.optimism


def correct_optimism(
    learn: Procedure,
    n: int,
    draws: Iterable[IntArray],
    measures: Mapping[str, Measure],
) -> list[dict[str, Optimism]]:
    """Correct measures of models for having been built in the same people.

    Parameters
    ----------
    learn : callable
        The whole procedure: everything that is learned from data is learned again.
    n : int
        People.
    draws : iterable of ndarray of int, shape (n,)
        Bootstrap samples as positions.
    measures : mapping
        Name: function of positions and of the predictions for the people there.

    Returns
    -------
    list of dict
        For each model, by the names of `measures`.

    Raises
    ------
    NotEstimable
        The models of all people, or those of every sample, cannot be built. Samples whose models
        cannot be built are left out and counted (`failed`); `resamples` counts the others.

    References
    ----------
    Harrell FE, Lee KL, Mark DB (1996). Stat Med 15:361-387, section 5.
    """

    def judged(rows: IntArray, predictions: FloatArray) -> list[list[float]]:
        return [[measure(rows, p[rows]) for measure in measures.values()] for p in predictions]

    everybody = np.arange(n)
    apparent = judged(everybody, learn(everybody))
    found: list[tuple[list[list[float]], list[list[float]]]] = []
    reason, failed = "no bootstrap samples", 0
    for rows in draws:
        try:
            predictions = learn(rows)
            found.append((judged(rows, predictions), judged(everybody, predictions)))
        except NotEstimable as error:
            reason, failed = error.reason, failed + 1
    if len(found) < 2:
        raise NotEstimable(f"no bootstrap model can be built: {reason}")
    values = np.array(found)  # sample, training or test, model, measure
    means = values.mean(axis=0)
    errors = (values[:, 0] - values[:, 1]).std(axis=0, ddof=1) / np.sqrt(len(values))
    return [
        {
            name: Optimism(
                apparent[model][i], float(means[0, model, i]), float(means[1, model, i]),
                float(errors[model, i]), len(values), failed,
            )
            for i, name in enumerate(measures)
        }
        for model in range(len(apparent))
    ]  # fmt: skip
