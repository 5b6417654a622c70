"""Writing a synthesis into the results.

Takes one estimate per cohort; gives the pooled estimate with its interval, the prediction
interval, heterogeneity, and the synthesis without each cohort in turn.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit, logit

from igfmood.config.analysis import ALL
from igfmood.errors import NotEstimable
from igfmood.results import Rows
from igfmood.synthesis.random_effects import RandomEffects, leave_one_out, random_effects
from igfmood.synthesis.row_keys import (
    NORMAL_TERM,
    PREDICTION_TERM,
    SHARED_KEYS,
    companion,
    heterogeneity_term,
    without_cohort,
)
from igfmood.synthesis.tau2 import error_contrasts, q_profile

#: Estimates and sampling variances, both of shape (k,).
Studies = tuple[np.ndarray, np.ndarray]

METHOD = "random effects: REML, Knapp-Hartung interval, t(k-1)"
#: The same where the factor is held at 1 or more.
MODIFIED = "random effects: REML, modified Knapp-Hartung interval (factor of at least 1), t(k-1)"
NORMAL = "random effects: REML, normal interval"


@dataclass(frozen=True)
class Scale:
    """The scale on which estimates are pooled: there, its derivative, and back."""

    name: str
    forward: Callable[[np.ndarray], np.ndarray]
    derivative: Callable[[np.ndarray], np.ndarray]
    back: Callable[[float], float]


@dataclass(frozen=True)
class Kind:
    """What is pooled, in words: one of it, and several."""

    one: str
    several: str


COHORTS, STUDIES = Kind("cohort", "cohorts"), Kind("study", "studies")
IDENTITY = Scale("", lambda x: x, np.ones_like, float)
LOGIT = Scale(" on the logit scale", logit, lambda x: 1 / (x * (1 - x)), lambda x: float(expit(x)))


def scale_of(measure: str) -> Scale:
    """Return the scale on which a measure is pooled: an AUC on the logit scale, all else as is."""
    return LOGIT if measure == "auc" else IDENTITY


#: With this many cohorts or fewer the interval hinges on how well tau2 is known.
FEW = 4
#: Measures given along a grid: their pooled rows stand alone, without companions.
GRIDS = ("curve", "simple_slope", "net_benefit", "delta_net_benefit")


def pool_cohorts(
    rows: Rows, cohorts: pd.DataFrame, scale_of: Callable[[str, str], Scale | None],
    modified: bool = False, populations: Collection[str] = (ALL,),
) -> None:  # fmt: skip
    """Pool every measure that cohorts share.

    Parameters
    ----------
    rows
        Where results go; its source should be that of pooled results.
    cohorts
        Result rows of cohorts, also those that are not estimable.
    scale_of
        Scale on which to pool, by analysis and measure; None for what is not pooled.
    modified
        Whether the Knapp-Hartung factor is held at 1 or more.
    populations
        Strata whose numbers come with everything that follows from a synthesis.
    """
    for values, group in cohorts.groupby(list(SHARED_KEYS), sort=True):
        keys = dict(zip(SHARED_KEYS, (str(value) for value in values), strict=True))
        scale = scale_of(keys["analysis"], keys["measure"])
        ok = (group["status"] == "ok").to_numpy(bool)
        usable = group if ok.all() else group[ok]
        if scale is not None and usable.empty:
            rows.add_not_estimable(why_none(group), **keys)
        elif scale is not None:
            add_pooled(rows, usable, keys, scale, modified, populations)


def why_none(group: pd.DataFrame) -> str:
    """Return the reasons of the cohorts, each with those it holds for."""
    by_reason = group.groupby("reason", sort=True)["cohort"].agg(
        lambda names: ", ".join(sorted(names))
    )
    return "no cohort has an estimate: " + "; ".join(
        f"{reason} ({names})" for reason, names in by_reason.items()
    )


def carry_single(
    rows: Rows, cohorts: pd.DataFrame, scale_of: Callable[[str, str], Scale | None],
    populations: Collection[str] = (ALL,),
) -> pd.DataFrame:  # fmt: skip
    """Write what only one cohort estimated as it stands, and return the rows of all else.

    The number keeps the interval of its cohort and says nothing of any other cohort; of those in
    the strata `populations` it is said how many cohorts there are.
    """
    usable = cohorts[cohorts["status"] == "ok"]
    number = usable.groupby(list(SHARED_KEYS))["cohort"].transform("size")
    single = usable[number == 1]
    carried = []
    for _, row in single.iterrows():
        keys = {key: str(row[key]) for key in SHARED_KEYS}
        if scale_of(keys["analysis"], keys["measure"]) is not IDENTITY:
            continue
        carried.append(tuple(keys.values()))
        columns = ("estimate", "se", "ci_low", "ci_high", "p", "df", "n", "n_events")
        rows.add(
            **keys, **{name: None if pd.isna(row[name]) else row[name] for name in columns},
            method=f"one cohort only ({row['cohort']}), no claim to any other: {row['method']}",
        )  # fmt: skip
        if keys["stratum"] in populations and keys["measure"] not in GRIDS:
            term = heterogeneity_term(keys["measure"], keys["term"])
            rows.add(**{**keys, "measure": "k", "term": term}, estimate=1, method="cohorts pooled")
            without = {**keys, "stratum": without_cohort(keys["stratum"], row["cohort"])}
            rows.add_not_estimable("one cohort only: nothing is left without it", **without)
    taken = cohorts[list(SHARED_KEYS)].astype(str).apply(tuple, axis=1).isin(set(carried))
    return cohorts[~taken]


def add_pooled(
    rows: Rows, estimates: pd.DataFrame, keys: Mapping[str, str], scale: Scale = IDENTITY,
    modified: bool = False, populations: Collection[str] = (ALL,),
) -> None:  # fmt: skip
    """Pool one measure over cohorts and add everything that follows to the results.

    Parameters
    ----------
    rows
        Where results go; its source should be that of pooled results.
    estimates
        Rows of the results table that are to be pooled, one per cohort, status ok.
    keys
        Keys shared by the pooled rows: analysis, target, measure …
    scale
        Scale on which to pool; estimates and limits are given back on the original scale.
    modified
        Whether the Knapp-Hartung factor is held at 1 or more: where many numbers are read beside
        each other, and each must stand without its normal interval.
    populations
        Strata whose numbers come with everything that follows; of all others there is the pooled
        estimate alone.
    """
    estimates = estimates.sort_values("cohort", kind="stable")
    if len(estimates) == 1:
        rows.add_not_estimable(f"one cohort only: {estimates['cohort'].iloc[0]}", **keys)
        return
    try:
        studies = on_scale(estimates, scale)
        pooled = random_effects(*studies, rows.source.level)
        pooled = pooled.modified() if modified else pooled
    except NotEstimable as error:
        rows.add_not_estimable(error.reason, **keys)
        return
    counts = _counts(estimates)
    method = MODIFIED if modified else METHOD
    _add_estimate(rows, keys, pooled, counts, scale, COHORTS, method)
    if keys["stratum"] not in populations or keys["measure"] in GRIDS:
        return
    _add_companions(rows, keys, pooled, studies, counts, scale)
    _add_leave_one_out(rows, keys, estimates, studies, scale, method)


def add_synthesis(
    rows: Rows, keys: Mapping[str, str], pooled: RandomEffects, studies: Studies,
    counts: Mapping[str, int | None], kind: Kind,
) -> None:  # fmt: skip
    """Write a synthesis that was made elsewhere, with everything that goes with it.

    Parameters
    ----------
    rows
        Where results go.
    keys
        Keys of the pooled number.
    pooled
        What was found.
    studies
        Estimates and sampling variances that it was found from.
    counts
        People behind it (`n`) and cases (`n_events`), None where not known.
    kind
        What was pooled.
    """
    _add_estimate(rows, keys, pooled, counts, IDENTITY, kind)
    _add_companions(rows, keys, pooled, studies, counts, IDENTITY, kind)


def _add_estimate(
    rows: Rows, keys: Mapping[str, str], pooled: RandomEffects, counts: Mapping[str, int | None],
    scale: Scale, kind: Kind, method: str = METHOD,
) -> None:  # fmt: skip
    few = f"; {pooled.k} {kind.several}: the interval hinges on tau2" if pooled.k <= FEW else ""
    rows.add(
        **keys,
        **estimate_columns(pooled, scale),
        **counts,
        p=pooled.p if scale is IDENTITY else None,
        method=method + scale.name + few,
    )


def _add_companions(
    rows: Rows, keys: Mapping[str, str], pooled: RandomEffects, studies: Studies,
    counts: Mapping[str, int | None], scale: Scale = IDENTITY, kind: Kind = COHORTS,
) -> None:  # fmt: skip
    """Write the prediction interval, the normal interval and the heterogeneity of a synthesis."""
    rows.add(
        **{**keys, "term": companion(keys["term"], PREDICTION_TERM)},
        **counts,
        estimate=scale.back(pooled.mu),
        df=pooled.df,
        ci_low=scale.back(pooled.pi_low),
        ci_high=scale.back(pooled.pi_high),
        method=f"prediction interval for a new {kind.one}: t(k-1), REML{scale.name}",
    )
    _add_normal(rows, keys, pooled, counts, scale)
    _add_heterogeneity(rows, keys, pooled, studies, scale, kind)


def on_scale(estimates: pd.DataFrame, scale: Scale) -> Studies:
    """Return estimates and sampling variances on the scale on which they are pooled.

    Raises
    ------
    NotEstimable
        If an estimate has no place on that scale.
    """
    yi = estimates["estimate"].to_numpy(float)
    if not np.isfinite(scale.forward(yi)).all():
        raise NotEstimable("an estimate of 0 or 1 has no place on the logit scale")
    return scale.forward(yi), (estimates["se"].to_numpy(float) * scale.derivative(yi)) ** 2


def _counts(
    estimates: pd.DataFrame, kept: npt.NDArray[np.bool_] | slice = slice(None)
) -> dict[str, int | None]:
    """Return people and events of all estimates, or of those that are kept."""
    n, events = (
        estimates[name].to_numpy(float, na_value=np.nan)[kept] for name in ("n", "n_events")
    )
    unknown = np.isnan(events).any()
    return {"n": int(np.nansum(n)), "n_events": None if unknown else int(events.sum())}


def estimate_columns(pooled: RandomEffects, scale: Scale) -> dict[str, float | None]:
    """Return a synthesis as columns on the original scale; a standard error only on its own."""
    return {
        "estimate": scale.back(pooled.mu),
        "se": pooled.se if scale is IDENTITY else None,
        "ci_low": scale.back(pooled.ci_low),
        "ci_high": scale.back(pooled.ci_high),
        "df": pooled.df,
    }


def _add_normal(
    rows: Rows,
    keys: Mapping[str, str],
    pooled: RandomEffects,
    counts: Mapping[str, int | None],
    scale: Scale,
) -> None:
    """Add the normal interval: where few cohorts happen to agree it may be the wider one."""
    normal = pooled.normal()
    rows.add(
        **{**keys, "term": companion(keys["term"], NORMAL_TERM)},
        **counts,
        estimate=scale.back(pooled.mu),
        se=pooled.se_normal if scale is IDENTITY else None,
        ci_low=scale.back(normal.ci_low),
        ci_high=scale.back(normal.ci_high),
        p=normal.p if scale is IDENTITY else None,
        method=NORMAL + scale.name,
    )


def _tau2_interval(studies: Studies, level: float) -> dict[str, float | None]:
    """Return the Q-profile interval of tau2 as columns; empty where there is none."""
    yi, vi = studies
    contrasts = error_contrasts(yi, vi, np.ones((yi.size, 1)))
    try:
        low, high = q_profile(contrasts, level)
    except NotEstimable:
        return {}
    return {"ci_low": low, "ci_high": high if np.isfinite(high) else None}


def _add_heterogeneity(
    rows: Rows,
    keys: Mapping[str, str],
    pooled: RandomEffects,
    studies: Studies,
    scale: Scale,
    kind: Kind,
) -> None:
    shared = {**keys, "term": heterogeneity_term(keys["measure"], keys["term"])}
    rows.add(**{**shared, "measure": "k"}, estimate=pooled.k, method=f"{kind.several} pooled")
    rows.add(
        **{**shared, "measure": "tau2"},
        estimate=pooled.tau2,
        se=pooled.se_tau2,
        **_tau2_interval(studies, rows.source.level),
        method=f"REML between-{kind.one} variance, Q-profile interval where there is one"
        + scale.name,
    )
    rows.add(
        **{**shared, "measure": "i2"},
        estimate=pooled.i2,
        method="percent, from tau2 and the typical variance",
    )
    rows.add(
        **{**shared, "measure": "q"},
        estimate=pooled.q,
        p=pooled.q_p,
        df=pooled.q_df,
        method="Cochran's Q, chi-squared(k-1)",
    )


def _add_leave_one_out(
    rows: Rows,
    keys: Mapping[str, str],
    estimates: pd.DataFrame,
    studies: Studies,
    scale: Scale,
    method: str,
) -> None:
    """Write the synthesis without each cohort, with the wider of its two intervals.

    Verdicts are judged by the wider one (Jackson et al. 2017); of the cohorts that are left, fewer
    and perhaps alike, the Knapp-Hartung interval alone may be narrower than that of all of them.
    """
    names = list(estimates["cohort"])
    stratum = [{**keys, "stratum": without_cohort(keys["stratum"], name)} for name in names]
    try:
        fits = leave_one_out(*studies, rows.source.level)
    except NotEstimable as error:
        for key in stratum:
            rows.add_not_estimable(error.reason, **key)
        return
    for key, plain, left_out in zip(stratum, fits, names, strict=True):
        columns, how = _wider(plain.modified() if method == MODIFIED else plain, scale, method)
        counts = _counts(estimates, estimates["cohort"].to_numpy(str) != left_out)
        rows.add(**key, **columns, **counts, method=how + scale.name + ", leave-one-out")


def _wider(
    fit: RandomEffects, scale: Scale, method: str
) -> tuple[dict[str, float | None], str]:  # fmt: skip
    """Return a synthesis as columns with the wider of its two intervals, and which one that is."""
    found, normal = estimate_columns(fit, scale), fit.normal()
    low, high = scale.back(normal.ci_low), scale.back(normal.ci_high)
    if high - low <= scale.back(fit.ci_high) - scale.back(fit.ci_low):
        return found, method
    se = fit.se_normal if scale is IDENTITY else None
    return found | {"se": se, "ci_low": low, "ci_high": high, "df": None}, NORMAL
