"""How wrong the imputed scores of a question could be: along what they are shifted.

Takes a sample of a completed table; gives the direction in which the scores of people who were not
measured are moved, so that one unit changes the relation among them by about one unit.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from igfmood.association.sample import CohortData, Sample
from igfmood.errors import NotEstimable

#: How far each person's score moves at a shift of 1, shape (n,).
Direction = Callable[[Sample], np.ndarray]


@dataclass(frozen=True)
class Shift:
    """What a shift of the imputed scores means for a number, and how it is made.

    Parameters
    ----------
    unit
        What a shift of 1 is.
    words
        Whose scores are moved, and along what; read after "scores".
    along
        The direction.
    steps
        Shifts that are estimated on each side of 0; fewer where the model is costly.
    """

    unit: str
    words: str
    along: Direction
    steps: int = 4

    @property
    def text(self) -> str:
        """Unit and words, as results carry them."""
        return f"{self.unit}: imputed scores {self.words}"


def of_group(who: Direction, name: str, steps: int = 4) -> Shift:
    """Return the shift of the scores of some people, such as the cases, by as many SD.

    Parameters
    ----------
    who
        Whom it is about (bool, shape (n,)).
    name
        What they are called.
    steps
        As in `Shift`.
    """
    return Shift("SD", f"of {name} are shifted by as much", who, steps)


def along_outcome(outcome: Direction, name: str, *given: str, steps: int = 4) -> Shift:
    """Return the shift of everybody's score along the outcome, in SD per SD.

    Parameters
    ----------
    outcome
        The outcome, shape (n,).
    name
        What it is called.
    given
        Columns, beside the covariates, that the model has the outcome given.
    steps
        As in `Shift`.
    """
    words = f"are shifted by as much for each SD of {name}, covariates taken out"

    def along(sample: Sample) -> np.ndarray:
        return _in_sds(sample, outcome(sample), name, given)

    return Shift(f"SD per SD of {name}", words, along, steps)


def along_product(outcome: Direction, name: str, moderator: str, called: str) -> Shift:
    """Return the shift along outcome times moderator, both in SDs: for an interaction."""
    words = f"are shifted by as much for each SD of {name} and SD of {called}, one times the other"

    def along(sample: Sample) -> np.ndarray:
        by = _in_sds(sample, sample.column(moderator), called, (), covariates=False)
        return by * _in_sds(sample, outcome(sample), name, (moderator,))

    return Shift(f"SD per SD of {name} and SD of {called}", words, along)


def _in_sds(
    sample: Sample, values: np.ndarray, name: str, given: Sequence[str], covariates: bool = True
) -> np.ndarray:
    """Return what covariates and given columns leave of values, in SDs.

    Raises
    ------
    NotEstimable
        If nothing is left.
    """
    columns = [sample.column(one) for one in given]
    design = sample.design(*columns) if covariates else np.ones((len(sample), 1))
    root = np.ones(len(sample)) if sample.weights is None else np.sqrt(sample.weights)
    beta = np.linalg.lstsq(root[:, None] * design, root * values, rcond=None)[0]
    left = values - design @ beta
    spread = float(np.sqrt(np.average(left**2, weights=root**2)))
    if not spread > 1e-9 * float(np.abs(values).max(initial=0.0)):
        raise NotEstimable(f"{name} does not vary, or not beyond the covariates")
    return np.asarray(left / spread)


def not_measured(data: CohortData) -> np.ndarray:
    """Return whose score was imputed freely (bool, shape (n,)).

    Who is below the detection limit was measured: that value is known in part.

    Raises
    ------
    NotEstimable
        If scores are missing and were not imputed.
    """
    score = data.study.analyte.sds
    if data.completed.imputations is None and data.people[score].isna().any():
        raise NotEstimable(data.completed.note)
    filled = data.completed.filled.get(score)
    below = data.people[data.study.analyte.below_lod].to_numpy(bool)
    return np.zeros(len(below), dtype=bool) if filled is None else filled & ~below


def movement(sample: Sample, shift: Shift, unmeasured: np.ndarray) -> np.ndarray:
    """Return by how much each score of a sample moves at a shift of 1, shape (n,).

    Parameters
    ----------
    sample
        Of a completed table.
    shift
        Along what.
    unmeasured
        Of all people of the cohort, who was not measured (bool): nobody else's score moves.

    Raises
    ------
    NotEstimable
        If the direction cannot be told.

    References
    ----------
    Cro S et al (2020). Stat Med 39:2815-2842, section 4 (delta adjustment).
    """
    return np.where(unmeasured[sample.rows], np.asarray(shift.along(sample), dtype=float), 0.0)


def shifted(sample: Sample, moves: np.ndarray, delta: float) -> Sample:
    """Return a sample with its scores shifted `delta` times their movement."""
    return replace(sample, score=sample.score + delta * moves)
