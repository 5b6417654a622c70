"""Buffering of stress: is the slope of symptoms on stress flatter where the analyte is high.

Takes the study; gives the interaction of score and perceived stress on the PHQ-9, the slopes of
stress along the score, and where these differ from 0 (Johnson-Neyman).
"""

from collections.abc import Iterator

import numpy as np

from igfmood.association.estimate import Answer, Estimate, VaryingSlope
from igfmood.association.moderation import Product
from igfmood.association.question import Question, for_product, require_people, standardised
from igfmood.association.regression import linear
from igfmood.association.sample import Sample
from igfmood.association.shifts import along_product
from igfmood.config.study import Study

#: Scores at which the slope of stress is given; the band over them is the Johnson-Neyman plot.
GRID = tuple(np.round(np.arange(-2.5, 2.51, 0.25), 2))
#: A product asks for more people than a slope: as many as so many groups have.
_GROUPS = 5


def questions(study: Study) -> Iterator[Question]:
    """Yield the question about stress."""
    slopes = (("simple_slope", f"{z:g}") for z in GRID)
    keys = (("beta", ""), *slopes, ("johnson_neyman", ""))
    yield Question(
        "stress_buffering", "phq9_total", "linear", keys, interaction,
        observed=("phq9_total",), used=("stress_score",), in_subsets=True, forked=("beta", ""),
        groups=_GROUPS,
        shifts={("beta", ""): along_product(_symptoms, "the PHQ-9", "stress_score", "stress")},
    )  # fmt: skip


def _symptoms(sample: Sample) -> np.ndarray:
    return sample.column("phq9_total")


def interaction(sample: Sample) -> Answer:
    """Return the interaction in SD of the PHQ-9 per SD of stress and SD of the score."""
    require_people(sample, _GROUPS * sample.study.gates.group_size)
    stress = standardised(sample, "stress_score")
    outcome = standardised(sample, "phq9_total")
    fit = linear(sample, sample.design(for_product(sample) * stress, stress, sample.score), outcome)
    method = f"SD of PHQ-9 per SD of stress and SD of the score; {fit.method}"
    found: dict[tuple[str, str], Estimate | VaryingSlope] = {
        ("beta", ""): fit.coefficient(1, len(sample), None, method)
    }
    order = np.ix_([2, 1], [2, 1])
    slopes = Product(fit.beta[2], fit.beta[1], fit.cov[order], fit.df).simple_slopes(GRID)
    words = f"slope of stress at this score, SD per SD; {fit.method}"
    for z, estimate, se in zip(GRID, slopes.estimate, slopes.se, strict=True):
        found["simple_slope", f"{z:g}"] = Estimate(
            float(estimate), float(se), len(sample), fit.df, method=words
        )
    found["johnson_neyman", ""] = VaryingSlope(
        fit.beta[[2, 1]], fit.cov[order], len(sample), fit.df,
        (float(sample.score.min()), float(sample.score.max())), "slope of stress", fit.method,
    )  # fmt: skip
    return found
