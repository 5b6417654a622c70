"""How well scores tell more than two classes apart: Hand and Till's M.

Takes the class of each person and a score for every class; gives the mean of all pairwise AUCs,
with an interval, and the AUC of each pair.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from igfmood.errors import NotEstimable
from igfmood.performance.metrics.calibration import WaldEstimate, wald
from igfmood.performance.metrics.discrimination import placements

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class HandTill:
    """M with its interval, and the AUC of every pair of classes by their names."""

    m: WaldEstimate
    pairs: dict[tuple[str, str], float]


def hand_till(
    classes: npt.ArrayLike, scores: npt.ArrayLike, names: list[str], level: float = 0.95
) -> HandTill:
    """Mean over pairs of classes of the AUC between them.

    Parameters
    ----------
    classes : array_like, shape (n,)
        Class of each person, one of `names`.
    scores : array_like, shape (n, k)
        Probability (or any score) of every class, in the order of `names`.
    names : list of str
        The k classes.
    level : float
        Coverage of the normal interval, cut at 0 and 1.

    Returns
    -------
    HandTill
        The AUC of a pair is the mean of that by the score of the one and that by the score of the
        other; people of other classes do not count in it. 0.5 is chance.

    Raises
    ------
    NotEstimable
        A class with fewer than two people, or classes apart without an error (variance 0).

    Notes
    -----
    The variance is that of the influence of each person, as DeLong's is for two classes: the sum
    over classes of ``sum(influence^2) n / (n - 1)``.

    References
    ----------
    Hand DJ, Till RJ (2001). Mach Learn 45:171-186, equation 7.
    """
    found, influence = _with_influence(classes, scores, names)
    se = _se(influence, classes, names)
    if not se > 0:
        raise NotEstimable("the classes are told apart without error: M has no variance")
    m = wald(float(np.mean(list(found.values()))), se, level)
    cut = WaldEstimate(m.estimate, m.se, max(0.0, m.ci_low), min(1.0, m.ci_high), level)
    return HandTill(cut, found)


def delta_hand_till(
    classes: npt.ArrayLike, scores: npt.ArrayLike, others: npt.ArrayLike, names: list[str],
    level: float = 0.95,
) -> WaldEstimate:  # fmt: skip
    """M of some scores minus M of others for the same people; see `hand_till` for the arguments.

    Raises
    ------
    NotEstimable
        A class with fewer than two people, or scores that rank everybody alike.
    """
    found, influence = _with_influence(classes, scores, names)
    other, of_others = _with_influence(classes, others, names)
    se = _se(influence - of_others, classes, names)
    if not se > 0:
        raise NotEstimable("both rank everybody alike: the difference of M has no variance")
    return wald(float(np.mean(list(found.values())) - np.mean(list(other.values()))), se, level)


def _with_influence(
    classes: npt.ArrayLike, scores: npt.ArrayLike, names: list[str]
) -> tuple[dict[tuple[str, str], float], FloatArray]:
    """AUC of every pair of classes, and the influence of each person on M, shape (n,)."""
    given, values = np.asarray(classes), np.asarray(scores, dtype=float)
    members = {name: np.flatnonzero(given == name) for name in names}
    for name, rows in members.items():
        if len(rows) < 2:
            raise NotEstimable(f"class {name} has {len(rows)} people")
    influence = np.zeros(len(given))
    found: dict[tuple[str, str], float] = {}
    pairs = list(combinations(range(len(names)), 2))
    for first, second in pairs:
        halves = []
        for own, other in ((first, second), (second, first)):
            rows = np.concatenate([members[names[own]], members[names[other]]])
            case = given[rows] == names[own]
            placed = placements(case.astype(int), values[rows, own])
            auc = float(placed[case].mean())
            size = np.where(case, case.sum(), (~case).sum())
            influence[rows] += (placed - auc) / size / (2 * len(pairs))
            halves.append(auc)
        found[names[first], names[second]] = sum(halves) / 2
    return found, influence


def _se(influence: FloatArray, classes: npt.ArrayLike, names: list[str]) -> float:
    given = np.asarray(classes)
    parts = [influence[given == name] for name in names]
    return float(np.sqrt(sum(float(one @ one) * len(one) / (len(one) - 1) for one in parts)))
