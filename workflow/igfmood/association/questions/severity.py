"""How depressive symptoms change with the analyte.

Takes the study; gives PHQ-9 points per SD (least squares), the rate ratio (negative binomial), the
odds ratio of a higher total (cumulative logit) and of 10 or more (logistic).
"""

from collections.abc import Iterator
from functools import partial

import numpy as np

from igfmood.association.estimate import Answer, Estimate, Plain
from igfmood.association.models.negative_binomial import fit_negative_binomial
from igfmood.association.models.ordinal import fit_ordinal, proportional_odds
from igfmood.association.question import Question, require_people
from igfmood.association.regression import linear, logistic
from igfmood.association.sample import Sample
from igfmood.association.shifts import along_outcome, of_group
from igfmood.config.study import Study

#: PHQ-9 total from which depression is likely.
CUTOFF = 10
#: Totals at which the proportionality of odds is looked at: the bands of severity.
_CUTS = (5, 10, 15)


def questions(study: Study) -> Iterator[Question]:
    """Yield the questions about the PHQ-9."""
    total = "phq9_total"
    along = along_outcome(partial(_points, outcome=total), "the PHQ-9")
    yield Question(
        "severity", total, "linear", (("beta", ""),), partial(slope, outcome=total),
        observed=(total,), in_subsets=True, forked=("beta", ""), shifts={("beta", ""): along},
    )  # fmt: skip
    yield Question(
        "severity", total, "negative_binomial", (("log_rr", ""),), rate_ratio, observed=(total,),
        shifts={("log_rr", ""): along},
    )  # fmt: skip
    yield Question(
        "severity", total, "cumulative_logit", (("log_or", ""),), odds_ratio, observed=(total,),
        shifts={("log_or", ""): along},
    )  # fmt: skip
    yield Question(
        "severity", total, "proportional_odds", (("chi2", "proportional_odds"),), proportionality,
        observed=(total,), only_complete=True, every_tier=False,
    )  # fmt: skip
    yield Question(
        "severity", "phq9_10", "logistic", (("log_or", ""),), odds_of_ten, observed=(total,),
        in_subsets=True,
        shifts={("log_or", ""): of_group(_has_ten, f"people with a PHQ-9 of {CUTOFF} or more")},
    )  # fmt: skip
    cognitive = "phq9_cognitive"
    yield Question(
        "severity", cognitive, "linear", (("beta", ""),), partial(slope, outcome=cognitive),
        observed=(cognitive,), every_tier=False,
        shifts={("beta", ""): along_outcome(
            partial(_points, outcome=cognitive), "the cognitive PHQ-9"
        )},
    )  # fmt: skip


def _points(sample: Sample, outcome: str) -> np.ndarray:
    return sample.column(outcome)


def _has_ten(sample: Sample) -> np.ndarray:
    return sample.column("phq9_total") >= CUTOFF


def _require(sample: Sample) -> None:
    require_people(sample, 2 * sample.study.gates.group_size)


def slope(sample: Sample, outcome: str) -> Answer:
    """Return points per SD of the analyte."""
    _require(sample)
    fit = linear(sample, sample.design(sample.score), sample.column(outcome))
    method = f"{fit.method}; points per SD"
    return {("beta", ""): Estimate(fit.beta[1], fit.se[1], len(sample), fit.df, method=method)}


def rate_ratio(sample: Sample) -> Answer:
    """Return the log ratio of the expected PHQ-9 total per SD of the analyte."""
    _require(sample)
    fit = fit_negative_binomial(sample.design(sample.score), sample.column("phq9_total"))
    se = float(np.sqrt(fit.cov_robust[1, 1]))
    model = "Poisson, no overdispersion" if fit.poisson else "negative binomial"
    method = f"{model} (log link), sandwich standard errors{sample.unweighted}"
    return {("log_rr", ""): Estimate(float(fit.beta[1]), se, len(sample), method=method)}


def odds_ratio(sample: Sample) -> Answer:
    """Return the log odds ratio of a higher PHQ-9 total per SD of the analyte."""
    _require(sample)
    design = np.column_stack([sample.score, sample.covariates])
    fit = fit_ordinal(design, sample.column("phq9_total"))
    method = f"cumulative logit over all totals that occur{sample.unweighted}"
    se = float(np.sqrt(fit.cov_beta[0, 0]))
    return {("log_or", ""): Estimate(float(fit.beta[0]), se, len(sample), method=method)}


def proportionality(sample: Sample) -> Answer:
    """Return whether the odds ratio is the same at every band of severity."""
    _require(sample)
    design = np.column_stack([sample.score, sample.covariates])
    test = proportional_odds(design, sample.column("phq9_total"), _CUTS)
    cuts = ", ".join(map(str, _CUTS))
    method = f"proportional odds of the score at totals of {cuts} (Brant){sample.unweighted}"
    return {
        ("chi2", "proportional_odds"): Plain(test.chi2, len(sample), test.p, method, float(test.df))
    }


def odds_of_ten(sample: Sample) -> Answer:
    """Return the log odds ratio of a PHQ-9 of 10 or more per SD of the analyte."""
    high = _has_ten(sample)
    fit = logistic(sample, sample.design(sample.score), high)
    return {("log_or", ""): fit.coefficient(1, len(sample), int(high.sum()), fit.method)}
