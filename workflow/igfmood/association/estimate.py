"""What a model says of one sample, and what it says after all completed tables are pooled.

Takes coefficients with standard errors, or several with their covariance; gives the columns of
result rows.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from igfmood.association.models.clip import Profile, combined_profiles
from igfmood.association.moderation import pooled_johnson_neyman
from igfmood.association.wald import wald_test
from igfmood.impute.joint_tests import wald_d1
from igfmood.impute.pooling import pool, pool_vector

#: Measure and term of a number.
Key = tuple[str, str]


@dataclass(frozen=True)
class Estimate:
    """One number with its standard error.

    `df` is of Student's t, infinite for the normal distribution; `n_events` counts cases or
    events where there are any. Where there is a `profile`, interval and p are the likelihood's
    and not those of the standard error.
    """

    estimate: float
    se: float
    n: int
    df: float = np.inf
    n_events: int | None = None
    method: str = ""
    profile: Profile | None = None

    @property
    def firth(self) -> bool:
        """Whether the model is Firth's."""
        return self.profile is not None


@dataclass(frozen=True, eq=False)
class Joint:
    """Several coefficients of which is asked whether all are 0; `coef` (k,), `cov` (k, k).

    `firth` says whether the model is Firth's.
    """

    coef: np.ndarray
    cov: np.ndarray
    n: int
    df: float = np.inf
    n_events: int | None = None
    method: str = ""
    firth: bool = False


@dataclass(frozen=True)
class Plain:
    """A number without a standard error, such as a breakpoint.

    Over several tables its mean is given; a p cannot be averaged, so what has one is asked of
    complete cases alone. Where there are `draws`, the number in bootstrap samples, percentiles of
    those of all tables together are its interval ("MI boot, pooled sample": Schomaker & Heumann
    2018, Stat Med 37:2252-2266).
    """

    estimate: float
    n: int
    p: float | None = None
    method: str = ""
    df: float | None = None
    draws: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class VaryingSlope:
    """A slope ``coef[0] + coef[1] m`` along a moderator, of which is asked where it is not 0.

    `coef` (2,), `cov` (2, 2); `observed` is the range of the moderator, `slope` what it is called.
    """

    coef: np.ndarray
    cov: np.ndarray
    n: int
    df: float
    observed: tuple[float, float]
    slope: str
    method: str


Answer = Mapping[Key, Estimate | Joint | Plain | VaryingSlope]

#: What the bounds of a region are called, and what each says.
BOUNDS = {
    "below": "below this score", "above": "above this score", "from": "from this score on",
    "to": "up to this score",
}  # fmt: skip


def pooled_columns(answers: Sequence[Answer], level: float) -> dict[Key, dict[str, Any]]:
    """Pool what each completed table answered, and return the columns of one row per number.

    A slope along a moderator gives one row for each bound of where it differs from 0, its key
    with the bound's name as term; if there is none, one row with nothing but a `reason`.

    Parameters
    ----------
    answers
        One for each completed table; one alone where nothing was missing.
    level
        Coverage of the intervals.

    Raises
    ------
    NotEstimable
        If a number has no variance.
    """
    found: dict[Key, dict[str, Any]] = {}
    for key in answers[0]:
        same = [answer[key] for answer in answers]
        if isinstance(same[0], VaryingSlope):
            found |= _bounds(key[0], same, level)
        else:
            found[key] = _pooled(same, level)
    return found


def missing_information(answers: Sequence[Answer], key: Key) -> float:
    """Return the fraction of missing information of a number, from 0 to 1."""
    found = [answer[key] for answer in answers]
    numbers = [one for one in found if isinstance(one, Estimate)]
    pooled = pool([one.estimate for one in numbers], [one.se**2 for one in numbers], numbers[0].df)
    return pooled.fmi


def _pooled(found: Sequence[Any], level: float) -> dict[str, Any]:
    first = found[0]
    if isinstance(first, Plain):
        return _plain(found, level)
    imputed = ""
    if len(found) > 1:
        imputed = f"; {len(found)} imputations, Rubin's rules"
        if isinstance(first, Estimate) and first.profile is not None:
            imputed += ", interval and p by combined likelihood profiles (CLIP)"
    counts = {
        "n": round(float(np.mean([one.n for one in found]))),
        "n_events": None if first.n_events is None
        else round(float(np.mean([one.n_events for one in found]))),
    }  # fmt: skip
    method = _method([one.method for one in found])
    if not isinstance(first, Joint):
        return {**_single(found, level), **counts, "method": f"{method}{imputed}"}
    columns, denominator = _joint(found)
    test = (
        f"F on {columns['df']:g} and {denominator:.4g}"
        if np.isfinite(denominator)
        else (f"F on {columns['df']:g} and infinitely many")
    )
    return {**columns, **counts, "method": f"{test} df: {method}{imputed}"}


def _method(names: Sequence[str]) -> str:
    """Return the method of all completed tables; where they differ, each with its number."""
    counted = Counter(names)
    if len(counted) == 1:
        return names[0]
    return "; ".join(f"{name} ({n} of {len(names)} tables)" for name, n in counted.most_common())


def _plain(found: Sequence[Plain], level: float) -> dict[str, Any]:
    first = found[0]
    assert len(found) == 1 or first.p is None
    method = (
        f"{first.method}; mean over {len(found)} imputations" if len(found) > 1 else first.method
    )
    columns = {
        "estimate": float(np.mean([one.estimate for one in found])), "p": first.p, "df": first.df,
        "n": round(float(np.mean([one.n for one in found]))),
    }  # fmt: skip
    draws = [one.draws for one in found if one.draws is not None]
    if draws:
        ends = np.quantile(np.concatenate(draws), [(1 - level) / 2, (1 + level) / 2])
        columns |= {"ci_low": float(ends[0]), "ci_high": float(ends[1])}
        resamples = sum(len(one) for one in draws)
        method += f"; percentiles of {resamples:,} bootstrap samples"
    return {**columns, "method": method}


def _single(found: Sequence[Estimate], level: float) -> dict[str, Any]:
    pooled = pool([one.estimate for one in found], [one.se**2 for one in found], found[0].df, level)
    profiles = [one.profile for one in found if one.profile is not None]
    if profiles:
        assert len(profiles) == len(found), "one table has a profile and another has none"
        by = combined_profiles(profiles, level)
        return {
            "estimate": pooled.estimate, "se": pooled.se, "ci_low": by.low, "ci_high": by.high,
            "p": by.p, "df": None,
        }  # fmt: skip
    return {
        "estimate": pooled.estimate, "se": pooled.se, "ci_low": pooled.ci_low,
        "ci_high": pooled.ci_high, "p": pooled.p,
        "df": pooled.df if np.isfinite(pooled.df) else None,
    }  # fmt: skip


def _joint(found: Sequence[Joint]) -> tuple[dict[str, Any], float]:
    """Return the columns of an F test, and its denominator degrees of freedom."""
    first = found[0]
    if len(found) == 1:
        test = wald_test(first.coef, first.cov, first.df)
        return {"estimate": test.f, "p": test.p, "df": test.df}, test.df_denominator
    vector = pool_vector([one.coef for one in found], [one.cov for one in found], first.df)
    pooled = wald_d1(vector, np.eye(len(first.coef)))
    return {"estimate": pooled.f, "p": pooled.p, "df": float(pooled.df)}, pooled.df_denominator


def _bounds(measure: str, found: Sequence[Any], level: float) -> dict[Key, dict[str, Any]]:
    """Return the bounds of where a slope differs from 0 (Johnson-Neyman), one row each."""
    first: VaryingSlope = found[0]
    pooled = pool_vector([one.coef for one in found], [one.cov for one in found], first.df, level)
    regions = pooled_johnson_neyman(pooled)
    if not regions:
        return {(measure, ""): {"reason": f"the {first.slope} differs from 0 at no score"}}
    terms = ("below", "above") if len(regions) == 2 else ("from", "to")
    low, high = (bound for region in regions for bound in region if np.isfinite(bound))
    seen = min(one.observed[0] for one in found), max(one.observed[1] for one in found)
    imputed = f"; {len(found)} imputations, Rubin's rules" if len(found) > 1 else ""
    rows = {}
    for term, bound in zip(terms, (low, high), strict=True):
        beyond = "" if seen[0] <= bound <= seen[1] else "; beyond the observed scores: extrapolated"
        rows[measure, term] = {
            "estimate": bound, "n": round(float(np.mean([one.n for one in found]))),
            "method": f"Johnson-Neyman: the {first.slope} differs from 0 {BOUNDS[term]} (pointwise "
            f"{100 * level:g} % interval){beyond}; {first.method}{imputed}",
        }  # fmt: skip
    return rows
