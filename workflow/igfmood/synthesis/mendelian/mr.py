"""Mendelian randomisation: the effect of an exposure, by the genes that move it.

Takes: the summary tables of exposure and outcome.
Gives: estimates under several assumptions, what speaks against them, and what was left out.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from igfmood.errors import NotEstimable
from igfmood.synthesis.mendelian.estimators import (
    FIXED,
    RANDOM,
    EggerFit,
    Heterogeneity,
    MREstimate,
    cochran_q,
    ivw_correlated,
    ivw_fixed,
    ivw_random,
    leave_one_out,
    mr_egger,
    mr_egger_correlated,
)
from igfmood.synthesis.mendelian.harmonise import Harmonised, harmonise, instruments
from igfmood.synthesis.mendelian.instruments import Direction, Strength, steiger, strength
from igfmood.synthesis.mendelian.robust import weighted_median, weighted_mode


@dataclass(frozen=True, eq=False)
class MendelianRandomisation:
    """Everything that one exposure and one outcome give.

    Attributes
    ----------
    estimates : list of MREstimate
        The main analysis first: IVW with multiplicative random effects, then IVW fixed (with one
        variant its ratio, alone), MR-Egger, weighted median and weighted mode.
    refused : list of (str, str)
        Methods that these variants do not allow, with why.
    strength : Strength
    heterogeneity : Heterogeneity or None
        Cochran's Q; None with one variant.
    egger : EggerFit or None
        With intercept test and Rücker's Q'; None where it is refused.
    leave_one_out : list of (str, MREstimate)
        Empty with fewer than three variants, and for correlated ones.
    direction : Direction or None
        Steiger's test; None where a table has no numbers of people.
    harmonised : Harmonised
        The associations, and each variant left out with its reason.
    """

    estimates: list[MREstimate]
    refused: list[tuple[str, str]]
    strength: Strength
    heterogeneity: Heterogeneity | None
    egger: EggerFit | None
    leave_one_out: list[tuple[str, MREstimate]]
    direction: Direction | None
    harmonised: Harmonised


def mendelian_randomisation(
    exposure: pd.DataFrame, outcome: pd.DataFrame, rng: np.random.Generator, level: float = 0.95
) -> MendelianRandomisation:
    """Two-sample Mendelian randomisation with independent variants.

    Parameters
    ----------
    exposure, outcome : DataFrame
        As from `read_summary`. Variants with P <= 5e-8 for the exposure are used; they must be
        independent of one another (clumped), which no summary table shows.
    rng : numpy.random.Generator
        For the standard errors of median and mode.
    level : float
        Coverage of the intervals.

    Returns
    -------
    MendelianRandomisation

    Raises
    ------
    NotEstimable
        No variant is left.
    DataError
        As `harmonise`.
    """
    pair = _harmonised_instruments(exposure, outcome)
    data = pair.data
    given = _Given()
    given.ask(RANDOM, lambda: ivw_random(data, level))
    given.ask(FIXED, lambda: ivw_fixed(data, level))
    egger = given.ask_egger(lambda: mr_egger(data, level))
    given.ask("weighted median", lambda: weighted_median(data, rng, level))
    given.ask("weighted mode", lambda: weighted_mode(data, rng, level))
    return MendelianRandomisation(
        given.estimates, given.refused, strength(data), cochran_q(data) if len(data) > 1 else None,
        egger, leave_one_out(data, level) if len(data) > 2 else [], _direction(pair), pair,
    )  # fmt: skip


def mendelian_randomisation_correlated(
    exposure: pd.DataFrame, outcome: pd.DataFrame, ld: pd.DataFrame, level: float = 0.95
) -> MendelianRandomisation:
    """Two-sample Mendelian randomisation with variants in linkage disequilibrium.

    Median, mode, leaving one out and Steiger's test assume independence and are not given.

    Parameters
    ----------
    exposure, outcome, level
        As in `mendelian_randomisation`.
    ld : DataFrame
        Signed correlations for the exposure's effect alleles; index and columns are variants.

    Raises
    ------
    NotEstimable
        Fewer than two variants are left, a variant is not in `ld`, or `ld` is singular.
    DataError
        As `harmonise`.
    """
    pair = _harmonised_instruments(exposure, outcome)
    data = pair.data
    absent = [name for name in data.variants if name not in ld.index or name not in ld.columns]
    if absent:
        raise NotEstimable(
            f"{len(absent)} variants are not in the table of linkage disequilibrium: "
            f"{', '.join(map(str, absent[:5]))}"
        )
    correlation = ld.loc[list(data.variants), list(data.variants)].to_numpy(float)
    estimate, disagreement = ivw_correlated(data, correlation, level)
    given = _Given([estimate])
    egger = given.ask_egger(lambda: mr_egger_correlated(data, correlation, level))
    return MendelianRandomisation(
        given.estimates, given.refused, strength(data), disagreement, egger, [], None, pair
    )


class _Given:
    """Estimates as far as the variants allow them, and why the others are not there."""

    def __init__(self, estimates: Sequence[MREstimate] = ()) -> None:
        self.estimates = list(estimates)
        self.refused: list[tuple[str, str]] = []

    def ask(self, name: str, method: Callable[[], MREstimate]) -> None:
        try:
            self.estimates.append(method())
        except NotEstimable as error:
            self.refused.append((name, error.reason))

    def ask_egger(self, method: Callable[[], EggerFit]) -> EggerFit | None:
        try:
            found = method()
        except NotEstimable as error:
            self.refused.append(("MR-Egger", error.reason))
            return None
        self.estimates.append(found.slope)
        return found


def _harmonised_instruments(exposure: pd.DataFrame, outcome: pd.DataFrame) -> Harmonised:
    chosen, left_out = instruments(exposure)
    pair = harmonise(chosen, outcome)
    dropped = pd.concat([left_out, pair.dropped], ignore_index=True)
    if not len(pair.data):
        reasons = dropped["reason"].str.split(":").str[0].value_counts()
        said = "; ".join(f"{count} {reason}" for reason, count in reasons.items())
        raise NotEstimable(
            f"none of the {len(exposure)} variants of the exposure can be used"
            + (f" ({said})" if said else "")
        )
    return Harmonised(pair.data, pair.n_exposure, pair.n_outcome, pair.flipped, dropped)


def _direction(pair: Harmonised) -> Direction | None:
    if np.isnan(pair.n_exposure).any() or np.isnan(pair.n_outcome).any():
        return None
    return steiger(pair.data, pair.n_exposure, pair.n_outcome)
