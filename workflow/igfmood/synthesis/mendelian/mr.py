"""Mendelian randomisation: the effect of an exposure, by the genes that move it.

Takes: the summary tables of exposure and outcome.
Gives: estimates under several assumptions, what speaks against them, and what was left out.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from igfmood.errors import NotEstimable
from igfmood.synthesis.mendelian.correlations import Correlations
from igfmood.synthesis.mendelian.estimators import (
    FIXED,
    RANDOM,
    EggerFit,
    FloatArray,
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
        variant its ratio, alone), MR-Egger, weighted median and weighted mode. Of correlated
        variants, IVW and MR-Egger.
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
    correlation : ndarray or None
        Correlations of the variants, for the alleles of the associations; None where they are
        taken to be independent.
    """

    estimates: list[MREstimate]
    refused: list[tuple[str, str]]
    strength: Strength
    heterogeneity: Heterogeneity | None
    egger: EggerFit | None
    leave_one_out: list[tuple[str, MREstimate]]
    direction: Direction | None
    harmonised: Harmonised
    correlation: FloatArray | None = None


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
    pair = harmonised_instruments(exposure, outcome)
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
    exposure: pd.DataFrame, outcome: pd.DataFrame, correlations: Correlations, level: float = 0.95
) -> MendelianRandomisation:
    """Two-sample Mendelian randomisation with variants in linkage disequilibrium.

    Median, mode, leaving one out, I2_GX and Steiger's test assume independence and are not given.

    Parameters
    ----------
    exposure, outcome, level
        As in `mendelian_randomisation`.
    correlations : Correlations
        As from `read_correlations`; variants that it lacks are left out.

    Raises
    ------
    NotEstimable
        No variant is left, or the correlations of those that are left are singular.
    DataError
        As `harmonise`.
    """
    pair, correlation = _with_correlations(
        harmonised_instruments(exposure, outcome), exposure, correlations
    )
    data = pair.data
    if len(data) > 1:
        estimate, disagreement = ivw_correlated(data, correlation, level)
    else:
        estimate, disagreement = ivw_fixed(data, level), None
    given = _Given([estimate])
    egger = given.ask_egger(lambda: mr_egger_correlated(data, correlation, level))
    given.refused += [
        (name, "assumes independent variants, and a table of their correlations is given")
        for name in ("weighted median", "weighted mode")
    ]
    return MendelianRandomisation(
        given.estimates, given.refused, strength(data), disagreement, egger, [], None, pair,
        correlation,
    )  # fmt: skip


def _with_correlations(
    pair: Harmonised, exposure: pd.DataFrame, correlations: Correlations
) -> tuple[Harmonised, FloatArray]:
    """Return the variants that the table of correlations has, and their signed correlations."""
    used = exposure[exposure["variant"].isin(pair.data.variants)]
    signed, reasons = correlations.aligned(used)
    kept = np.array([name in signed.index for name in pair.data.variants])
    if not kept.any():
        said = Counter(reason.split(":")[0] for reason in reasons.values())
        raise NotEstimable(
            f"none of the {len(kept)} variants can be used with the table of correlations ("
            + "; ".join(f"{count} {reason}" for reason, count in sorted(said.items())) + ")"
        )  # fmt: skip
    names = list(pair.data.variants[kept])
    lost = pd.DataFrame({"variant": list(reasons), "reason": list(reasons.values())})
    return Harmonised(
        pair.data.only(kept), pair.n_exposure[kept], pair.n_outcome[kept],
        tuple(name for name in pair.flipped if name in names),
        pd.concat([pair.dropped, lost], ignore_index=True), pair.compared,
    ), signed.loc[names, names].to_numpy(float)  # fmt: skip


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


def harmonised_instruments(exposure: pd.DataFrame, outcome: pd.DataFrame) -> Harmonised:
    """Return the instruments aligned to the exposure, and each variant left out with its reason.

    Raises
    ------
    NotEstimable
        No variant is left.
    DataError
        As `harmonise`.
    """
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
    return replace(pair, dropped=dropped)


def _direction(pair: Harmonised) -> Direction | None:
    if np.isnan(pair.n_exposure).any() or np.isnan(pair.n_outcome).any():
        return None
    return steiger(pair.data, pair.n_exposure, pair.n_outcome)
