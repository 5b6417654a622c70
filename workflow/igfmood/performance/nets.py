"""Elastic nets of many divisions and tiers, fitted together.

Takes the columns of training and test people of each division; gives the risks of the test people.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from igfmood.performance.models.elastic_net import elastic_net_cv
from igfmood.performance.models.linear_risk import LinearRisk, strata
from igfmood.performance.splits import Split, inner_folds
from igfmood.performance.task_data import People

FloatArray = npt.NDArray[np.float64]

METHOD = "elastic net, penalty by inner cross-validation"
#: Folds in which the penalty is chosen.
_INNER = 5


@dataclass(frozen=True, eq=False)
class Net:
    """What the elastic net of one division and tier needs.

    Parameters
    ----------
    split
        The division.
    X, new
        Columns of its training and of its test people.
    train, test
        These people.
    rng
        Random numbers of its inner folds.
    """

    split: Split
    X: FloatArray
    new: FloatArray
    train: People
    test: People
    rng: np.random.Generator

    def predict(self, risk: LinearRisk) -> FloatArray:
        """Risks of the test people, shape (n,)."""
        return risk.predict(self.new, self.test.cohort)


def fit_nets(nets: Sequence[Net], l1_ratio: float) -> list[LinearRisk]:
    """Fit all nets at once; where columns or people are fewer than in others, zeros stand.

    Parameters
    ----------
    nets
        All with training people of the same cohorts.
    l1_ratio
        See `elastic_net_cv`.

    Raises
    ------
    NotEstimable
        If one of them cannot be fitted.
    """
    n, p = max(len(one.X) for one in nets), max(one.X.shape[1] for one in nets)
    names = [strata(one.train.cohort) for one in nets]
    free = max(len(name) for name, _ in names) - 1
    X = np.zeros((len(nets), n, free + p))
    y, used = np.zeros((len(nets), n)), np.zeros((len(nets), n), dtype=bool)
    folds = np.zeros((len(nets), n), dtype=np.int64)
    for i, (one, (_, indicators)) in enumerate(zip(nets, names, strict=True)):
        rows, columns = one.X.shape
        X[i, :rows, :free] = indicators[:, 1:]
        X[i, :rows, free : free + columns] = one.X
        y[i, :rows], used[i, :rows] = one.train.y, True
        folds[i, :rows] = inner_folds(one.train.y, one.train.cohort, one.rng, _INNER)
    chosen = elastic_net_cv(X, y, used, folds, l1_ratio, free=free)
    found = []
    for i, (one, (cohorts, _)) in enumerate(zip(nets, names, strict=True)):
        offsets = [0.0, *chosen.coef[i, :free]]
        intercepts = {
            name: float(chosen.intercept[i] + offset)
            for name, offset in zip(cohorts, offsets, strict=True)
        }
        coef = chosen.coef[i, free : free + one.X.shape[1]]
        found.append(LinearRisk(intercepts, coef, METHOD))
    return found
