"""What a biased literature says where there is nothing.

Takes the standard errors of the published studies that a study names; gives the verdict on such
studies alone in a world where the analyte tells nothing and journals print what is significant.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.special import ndtri

from igfmood.config.claims import Claim
from igfmood.errors import NotEstimable
from igfmood.evidence.judge import verdict_over
from igfmood.evidence.operating.engine import Outcome, World
from igfmood.synthesis.random_effects import random_effects

#: Studies are printed for a two-sided p below this, in the claimed direction.
_SIGNIFICANT = 0.05


def published_outcome(claim: Claim, world: World, errors: list[float]) -> Outcome | None:
    """Return the verdict on published studies alone, None where fewer than two are given.

    Parameters
    ----------
    claim
        A claim about a group difference.
    world
        The world.
    errors
        Standard error of each published study. One that is not significant in the claimed
        direction is printed by chance alone (`operating.significant_only`); else another one of
        its size takes its place.
    """
    if len(errors) < 2:
        return None
    sign = 1 if claim.direction == "higher" else -1
    rng = world.rng("literature", claim.id)
    se = np.array(errors)
    printed = se * [_printed(sign, world.study.operating.significant_only, rng) for _ in errors]
    half = float(ndtri(0.5 + world.study.level / 2)) * se
    table = pd.DataFrame(
        {"estimate": printed, "se": se, "df": np.nan, "ci_low": printed - half,
         "ci_high": printed + half}
    )  # fmt: skip
    verdict = verdict_over(table, claim, world.study)
    outcome = Outcome(world.kind, world.number, claim.id, verdict, "published studies alone", 0.0)
    try:
        pooled = random_effects(printed, se**2, world.study.level)
    except NotEstimable:
        return outcome
    return replace(outcome, estimate=pooled.mu, ci_low=pooled.ci_low, ci_high=pooled.ci_high)


def _printed(sign: int, share: float, rng: np.random.Generator) -> float:
    """Return the z of a study of nothing that is printed."""
    limit = float(ndtri(1 - _SIGNIFICANT / 2))
    while True:
        z = float(rng.standard_normal())
        if sign * z > limit or rng.random() < share:
            return z
