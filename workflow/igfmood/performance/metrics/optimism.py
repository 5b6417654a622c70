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
#: Learns from the people at these positions and predicts everybody, shape (n,).
Procedure = Callable[[IntArray], FloatArray]
#: A number from outcomes and predictions.
Measure = Callable[[npt.NDArray[np.float64], FloatArray], float]


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
    """

    apparent: float
    training: float
    test: float
    se: float
    resamples: int

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
    y: npt.ArrayLike,
    draws: Iterable[IntArray],
    measures: Mapping[str, Measure],
) -> dict[str, Optimism]:
    """Correct measures of a model for having been built in the same people.

    Parameters
    ----------
    learn : callable
        The whole procedure: everything that is learned from data is learned again.
    y : array_like, shape (n,)
        Outcome.
    draws : iterable of ndarray of int, shape (n,)
        Bootstrap samples as positions.
    measures : mapping
        Name: function of outcome and prediction.

    Returns
    -------
    dict
        By the names of `measures`.

    Raises
    ------
    NotEstimable
        The model of all people, or that of every sample, cannot be built. Samples whose model
        cannot be built are left out, and `resamples` counts the others.

    References
    ----------
    Harrell FE, Lee KL, Mark DB (1996). Stat Med 15:361-387, section 5.
    """
    outcome = np.asarray(y, dtype=float)
    everybody = np.arange(outcome.size)
    prediction = learn(everybody)
    apparent = {name: measure(outcome, prediction) for name, measure in measures.items()}
    found: list[list[tuple[float, float]]] = []
    reason = "no bootstrap samples"
    for rows in draws:
        try:
            prediction = learn(rows)
            found.append([
                (measure(outcome[rows], prediction[rows]), measure(outcome, prediction))
                for measure in measures.values()
            ])  # fmt: skip
        except NotEstimable as error:
            reason = error.reason
    if len(found) < 2:
        raise NotEstimable(f"no bootstrap model can be built: {reason}")
    values = np.array(found)
    means = values.mean(axis=0)
    errors = (values[:, :, 0] - values[:, :, 1]).std(axis=0, ddof=1) / np.sqrt(len(values))
    return {
        name: Optimism(
            apparent[name], float(means[i, 0]), float(means[i, 1]), float(errors[i]), len(values)
        )
        for i, name in enumerate(measures)
    }
