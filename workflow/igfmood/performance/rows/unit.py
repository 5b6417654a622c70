"""The predictions of one cohort, and how their measures are written.

Takes predictions that came about in one way; gives the keys that their rows share, and the pooling
of a measure over repeats and completed tables.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from igfmood.config.study import Study
from igfmood.errors import NotEstimable
from igfmood.performance.metrics.calibration import WaldEstimate, wald
from igfmood.performance.predict import Key, Predicted
from igfmood.performance.splits import CROSS_VALIDATION
from igfmood.performance.tasks import PredictionTask
from igfmood.results import Rows
from igfmood.seeds import stream

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Unit:
    """Everything that a measure needs.

    Parameters
    ----------
    rows
        Where results go; its source is that of the cohort.
    task
        What was predicted.
    found
        The predictions.
    study
        Tiers, level, thresholds.
    """

    rows: Rows
    task: PredictionTask
    found: Predicted
    study: Study

    @property
    def y(self) -> FloatArray:
        """Outcome, shape (n,)."""
        return self.found.people.y

    @property
    def level(self) -> float:
        """Coverage of intervals."""
        return self.study.level

    @property
    def resampled(self) -> bool:
        """Whether the predictions come from folds of the same cohort."""
        return self.found.analysis == CROSS_VALIDATION

    @property
    def counts(self) -> dict[str, int | None]:
        """People and cases, as columns of a row."""
        events = None if self.task.kind == "classes" else int(self.y.sum())
        return {"n": len(self.y), "n_events": events}

    def keys(self, key: Key, **changes: str) -> dict[str, str]:
        """Return the keys of a row about one model and tier."""
        model, tier = key
        return {
            "analysis": self.found.analysis, "target": self.task.name,
            "exposure": self.study.analyte.sds, "model": model, "adjustment": tier,
            "stratum": "all", **changes,
        }  # fmt: skip

    def rng(self, *keys: str | int) -> np.random.Generator:
        """Random numbers that belong to this cohort, task and place."""
        found = self.found
        names = (found.analysis, found.cohort, self.task.name)
        return stream(self.study.seed, "performance_rows", *names, *keys)

    def method(self, key: Key, words: str) -> str:
        """Return a method string: the measure, the model, and what was averaged."""
        fits = self.found.methods[key]
        total = sum(fits.values())
        named = [
            name if len(fits) == 1 else f"{name} ({n} of {total} fits)"
            for name, n in sorted(fits.items())
        ]
        asked = self.study.prediction_tiers[key[1]]
        used = self.found.predictors.get(key[1], asked)
        absent = [name for name in asked if name not in used]
        draws = len(self.found.p[key])
        of = "repeats" if self.resampled else "completed tables"
        parts = [words, "; ".join(named)]
        if absent:
            parts.append(f"without {', '.join(absent)}: not in every cohort, or not allowed there")
        if draws > 1:
            parts.append(f"mean over {draws} {of}")
        if self.found.imputed:
            rules = ", Rubin's rules" if draws > 1 else ""
            parts.append(f"gaps of predictors filled in the training part{rules}")
        return "; ".join(parts)

    def over_draws(self, key: Key, measure: Callable[[FloatArray], WaldEstimate]) -> WaldEstimate:
        """Return a measure as its mean over draws, with the variance of the mean of them.

        Draws see the same people, so that their variances are averaged; where they differ in what
        was filled in, that adds its own (Rubin's rules).
        """
        return combine([measure(p) for p in self.found.p[key]], self.found.imputed, self.level)

    def add_wald(
        self, key: Key, measure: str, words: str, compute: Callable[[FloatArray], WaldEstimate],
        **changes: str,
    ) -> None:  # fmt: skip
        """Write a measure with a normal interval, or why there is none."""
        where = self.keys(key, measure=measure, **changes)
        try:
            found = self.over_draws(key, compute)
        except NotEstimable as error:
            self.rows.add_not_estimable(error.reason, **where)
            return
        self.rows.add(**where, **self.counts, **columns(found), method=self.method(key, words))


def combine_shares(found: Sequence[WaldEstimate], imputed: bool, level: float) -> WaldEstimate:
    """Return one AUC, C or M for several draws: on the logit scale where gaps were filled in.

    Raises
    ------
    NotEstimable
        A value of 0 or 1 in a completed table.

    References
    ----------
    Marshall A et al (2009). BMC Med Res Methodol 9:57 (scales on which performance is pooled).
    """
    if not (imputed and len(found) > 1):
        one = combine(found, imputed, level)
        low, high = max(0.0, one.ci_low), min(1.0, one.ci_high)
        return WaldEstimate(one.estimate, one.se, low, high, level)
    if not all(0 < one.estimate < 1 for one in found):
        raise NotEstimable("0 or 1 in a completed table has no place on the logit scale")
    on_logit = [
        wald(float(logit(one.estimate)), one.se / (one.estimate * (1 - one.estimate)), level)
        for one in found
    ]
    pooled = combine(on_logit, imputed, level)
    low, value, high = (float(expit(x)) for x in (pooled.ci_low, pooled.estimate, pooled.ci_high))
    return WaldEstimate(value, pooled.se * value * (1 - value), low, high, level)


def combine(found: Sequence[WaldEstimate], imputed: bool, level: float) -> WaldEstimate:
    """Return one estimate for several draws; see `Unit.over_draws`.

    References
    ----------
    Rubin DB (1987). Multiple Imputation for Nonresponse in Surveys, section 3.1.
    """
    values = np.array([one.estimate for one in found])
    variance = float(np.mean([one.se**2 for one in found]))
    if imputed and len(found) > 1:
        variance += (1 + 1 / len(found)) * float(values.var(ddof=1))
    return wald(float(values.mean()), float(np.sqrt(variance)), level)


def columns(found: WaldEstimate) -> dict[str, Any]:
    """Return estimate, standard error and interval as columns of a row."""
    return {
        "estimate": found.estimate, "se": found.se, "ci_low": found.ci_low,
        "ci_high": found.ci_high,
    }  # fmt: skip


def predicted_keys(unit: Unit) -> Iterator[Key]:
    """Yield every model and tier that has predictions."""
    yield from unit.found.p


def main_keys(unit: Unit) -> list[Key]:
    """Return the two models whose difference is what the analyte adds, the larger one first."""
    model = {"binary": "logistic", "time": "cox", "classes": "multinomial"}[unit.task.kind]
    return [(model, tier) for tier in unit.study.added_value if (model, tier) in unit.found.p]
