"""The synthesis of published studies, without and with the study's own cohorts.

Takes: the published effects that enter, and the estimates of the cohorts.
Gives: what was pooled, in order, and the random-effects synthesis of it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from igfmood.errors import NotEstimable
from igfmood.synthesis.published.choose import Choice
from igfmood.synthesis.random_effects import RandomEffects, leave_one_out, random_effects

FloatArray = npt.NDArray[np.float64]
Layer = Literal["published", "cohort"]


@dataclass(frozen=True, eq=False)
class Synthesis:
    """Studies of one target pooled: what went in, in order, and what came out.

    `yi` and `vi` are estimates and sampling variances, shape (k,); `layers` says which of them
    are published and which are cohorts of the study.
    """

    target: str
    labels: tuple[str, ...]
    layers: tuple[Layer, ...]
    yi: FloatArray
    vi: FloatArray
    fit: RandomEffects

    def without_each(self) -> list[tuple[str, RandomEffects]]:
        """Repeat the synthesis without each study in turn, under the name of the one left out.

        Raises
        ------
        NotEstimable
            Fewer than three studies.
        """
        return list(zip(self.labels, leave_one_out(self.yi, self.vi, self.fit.level), strict=True))


def pool_published(choices: Collection[Choice], target: str, level: float = 0.95) -> Synthesis:
    """Pool the published studies that enter: REML, Knapp-Hartung, prediction interval.

    Parameters
    ----------
    choices : collection of Choice
        As from `choose`.
    target : str
        Diagnosis.
    level : float
        Coverage of both intervals.

    Raises
    ------
    NotEstimable
        Fewer than two studies, or studies that agree exactly.
    """
    return pool_with_cohorts(choices, target, (), (), (), level)


def pool_with_cohorts(
    choices: Collection[Choice],
    target: str,
    names: Collection[str],
    estimates: npt.ArrayLike,
    ses: npt.ArrayLike,
    level: float = 0.95,
) -> Synthesis:
    """Pool the published studies that enter together with the study's own cohorts.

    Parameters
    ----------
    choices : collection of Choice
        As from `choose`, with `same_people` if a cohort has been published.
    target : str
        Diagnosis.
    names : collection of str
        Names of the cohorts.
    estimates, ses : array_like, shape (number of cohorts,)
        Their standardised differences, cases minus controls, and standard errors.
    level : float
        Coverage of both intervals.

    Returns
    -------
    Synthesis
        Published studies first, then the cohorts.

    Raises
    ------
    ValueError
        Arrays that do not match the names.
    NotEstimable
        Fewer than two studies in all, or studies that agree exactly.

    Notes
    -----
    Cohorts of one study estimate their difference adjusted for the same covariates; published
    differences are adjusted or not, as each paper did it. What that does is part of tau2.
    """
    own, own_se = np.asarray(estimates, dtype=float), np.asarray(ses, dtype=float)
    if not own.shape == own_se.shape == (len(names),):
        raise ValueError(
            f"{len(names)} cohorts, but arrays of shape {own.shape} and {own_se.shape}"
        )
    entering = [
        (choice.effect.study.study, choice.effect.smd)
        for choice in choices
        if choice.enters and choice.effect.study.target == target and choice.effect.smd is not None
    ]
    labels = (*(label for label, _ in entering), *names)
    yi = np.append([smd.estimate for _, smd in entering], own)
    vi = np.append([smd.variance for _, smd in entering], own_se**2)
    if len(labels) < 2:
        found = f"only one study of {target}: {labels[0]}" if labels else f"no study of {target}"
        raise NotEstimable(f"{found}; a synthesis needs at least 2")
    layers: list[Layer] = ["published" for _ in entering]
    layers += ["cohort" for _ in names]
    return Synthesis(target, labels, tuple(layers), yi, vi, random_effects(yi, vi, level))
