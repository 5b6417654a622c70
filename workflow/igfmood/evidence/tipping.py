"""The shift of imputed scores at which a verdict changes.

Takes a claim with its verdict and the cohorts' numbers under every shift; writes the smallest
shift that changes the verdict, or why there is none.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from igfmood import results
from igfmood.association.tipping import TIPPING
from igfmood.config.claims import Claim
from igfmood.config.study import Study
from igfmood.evidence.judge import ClaimVerdict, verdict_of_terms
from igfmood.evidence.verdict import Verdict

#: Columns of a number that lie on lines between two shifts.
_ALONG = ["estimate", "se", "ci_low", "ci_high", "df"]
#: How closely the shift is looked for, in its unit.
_CLOSE = 1e-4
_OF_VISITS = "estimated from visits with every value: nothing is imputed that could be shifted"
#: Terms of numbers that come from all visits.
_VISITS = ("decline", "level_over_visits")
#: Analysis: why its number has no shifts.
_NOT_IMPUTED = {
    "validation": "prediction is of complete cases: nothing is imputed that could be shifted",
    "within_person": _OF_VISITS,
    "mendelian": "it rests on published summaries: nobody's values are imputed",
}


def add_tipping(
    rows: results.Rows, judged: ClaimVerdict, cohorts: pd.DataFrame, study: Study
) -> None:
    """Write the smallest shift of imputed scores that changes a verdict.

    Parameters
    ----------
    rows
        Receives the result.
    judged
        A claim and its verdict.
    cohorts
        Result rows of the cohorts that count. A cohort without imputed scores that would be
        shifted stays as it is.
    study
        The study.
    """
    claim = judged.claim
    keys = {"analysis": "tipping_point", "claim": claim.id, "target": claim.id, "measure": "shift"}
    if judged.judgement.verdict == "NOT_EVALUABLE":
        reason = f"the claim is not judged: {judged.judgement.reason}"
        rows.add_not_estimable(reason, **keys)
        return
    analysis, population = claim.estimand.analysis, claim.estimand.population
    asked = _rows(claim, cohorts, analysis=TIPPING, model=analysis)
    asked = results.parts_of(asked, population)
    numbers = _rows(claim, cohorts, analysis=analysis, stratum=population, status="ok")
    usable = asked[asked["status"] == "ok"]
    if usable.empty:
        rows.add_not_estimable(_why_none(claim, asked, numbers), **keys)
        return
    how = str(usable["method"].iloc[0]).split("; ", 1)[0]
    unit, words = how.split(": ", 1)
    curve = _Curve(claim, study, usable, numbers)
    found = _tip(curve, judged.judgement.verdict)
    if found is None:
        rows.add_not_estimable(
            f"no shift by up to {curve.shifts[-1]:g} {unit} changes the verdict ({words})", **keys
        )
        return
    shift, verdict = found
    by = "filling the gaps alone gives" if shift == 0 else f"{words}, the smallest shift that gives"
    rows.add(
        **keys, estimate=shift,
        method=f"{unit}: {by} the verdict {verdict}; numbers lie on lines between shifts "
        f"{curve.step:g} apart",
    )  # fmt: skip


def _rows(claim: Claim, cohorts: pd.DataFrame, **keys: str) -> pd.DataFrame:
    estimand = claim.estimand
    return results.select(
        cohorts, target=estimand.target, adjustment=estimand.adjustment,
        measure=estimand.measure, term=estimand.terms, **keys,
    )  # fmt: skip


def _why_none(claim: Claim, asked: pd.DataFrame, numbers: pd.DataFrame) -> str:
    """Return why no cohort has a shift, by those that have the number."""
    analysis = claim.estimand.analysis
    if analysis in _NOT_IMPUTED:
        return _NOT_IMPUTED[analysis]
    if claim.estimand.term in _VISITS:
        return _OF_VISITS
    if asked.empty:
        return "its number is not estimated under shifts of imputed scores"
    own = asked[asked["cohort"].isin(numbers["cohort"])]
    return "; ".join(sorted(set((asked if own.empty else own)["reason"])))


@dataclass(frozen=True, eq=False)
class _Curve:
    """The verdict as a function of the shift; `usable` are the numbers at the shifts of a grid."""

    claim: Claim
    study: Study
    usable: pd.DataFrame
    numbers: pd.DataFrame

    @property
    def shifts(self) -> list[float]:
        """The shifts that were estimated, ascending."""
        return sorted(float(shift) for shift in set(self.usable["stratum"]))

    @property
    def step(self) -> float:
        """Distance between two shifts."""
        return float(np.diff(self.shifts).max()) if len(self.shifts) > 1 else 0.0

    def verdict(self, shift: float) -> Verdict:
        """Return the verdict at a shift of the grid, or between two of them."""
        return verdict_of_terms(dict(self._at(shift)), self.claim, self.study)

    def _at(self, shift: float) -> Iterator[tuple[str, pd.DataFrame]]:
        grid = np.array(self.shifts)
        place = int(np.clip(np.searchsorted(grid, shift) - 1, 0, max(len(grid) - 2, 0)))
        low, high = grid[place], grid[min(place + 1, len(grid) - 1)]
        share = 0.0 if high == low else (shift - low) / (high - low)
        places = self.usable["stratum"].astype(float)
        for term in self.claim.estimand.terms:
            own = self.usable[self.usable["term"] == term]
            moving = sorted(set(own["cohort"]))
            ends = [
                own[places.loc[own.index] == end].set_index("cohort").reindex(moving)[_ALONG]
                for end in (low, high)
            ]
            # An end that is not used need not be there.
            between = ends[0] if share == 0 else ends[1] if share == 1 else (
                ends[0] * (1 - share) + ends[1] * share
            )  # fmt: skip
            same = self.numbers[
                (self.numbers["term"] == term) & ~self.numbers["cohort"].isin(moving)
            ].set_index("cohort")[_ALONG]
            yield term, pd.concat([between, same]) if len(same) else between


def _tip(curve: _Curve, verdict: Verdict) -> tuple[float, Verdict] | None:
    """Return the smallest shift with another verdict, and that verdict; of two the negative."""
    at_grid: Mapping[float, Verdict] = {shift: curve.verdict(shift) for shift in curve.shifts}
    found = []
    for side in (-1, 1):
        last = 0.0
        for shift in sorted((one for one in at_grid if one * side >= 0), key=abs):
            if at_grid[shift] not in (verdict, "NOT_EVALUABLE"):
                found.append(_narrowed(curve, verdict, last, shift))
                break
            last = shift
    return min(found, key=lambda one: (abs(one[0]), one[0])) if found else None


def _narrowed(
    curve: _Curve, verdict: Verdict, same: float, other: float
) -> tuple[float, Verdict]:  # fmt: skip
    """Return where the verdict changes between two shifts, by halving."""
    if curve.verdict(same) != verdict:
        return other, curve.verdict(other)
    while abs(other - same) > _CLOSE:
        middle = (same + other) / 2
        if curve.verdict(middle) == verdict:
            same = middle
        else:
            other = middle
    return round(other, 4), curve.verdict(other)
