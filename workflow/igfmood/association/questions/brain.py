"""The hippocampus: does it go with the analyte, and carry it to symptoms.

Takes the study; gives SDs of hippocampal volume per SD of the analyte given intracranial volume,
and the part of the association with the PHQ-9 that goes through the volume.
"""

from collections.abc import Iterator

import numpy as np

from igfmood.association.estimate import Answer, Estimate, Plain
from igfmood.association.mediation import MANY, mediation, sensitivity_to_confounding
from igfmood.association.question import Question, require_people, standardised
from igfmood.association.regression import linear
from igfmood.association.sample import Sample
from igfmood.association.shifts import along_outcome
from igfmood.config.study import Study
from igfmood.seeds import stream

#: Bootstrap samples of every completed table.
_RESAMPLES = 1000
#: Shifts of imputed scores on each side of 0: each costs as many resamples again.
_STEPS = 2
#: Two models share the people: they must be enough for so many groups.
_GROUPS = 5


def questions(study: Study) -> Iterator[Question]:
    """Yield the questions about the hippocampus."""
    volume, head = "hippocampal_volume", "intracranial_volume"
    yield Question(
        "neuroplasticity", volume, "linear", (("beta", ""),), size, observed=(volume, head),
        in_subsets=True, forked=("beta", ""),
        shifts={("beta", ""): along_outcome(_volume, "hippocampal volume", head)},
    )  # fmt: skip
    # What goes through the volume hinges on how it goes with the score, all else on the symptoms.
    through = along_outcome(_volume, "hippocampal volume", head, steps=_STEPS)
    symptoms = along_outcome(_symptoms, "the PHQ-9", head, steps=_STEPS)
    yield Question(
        "neuroplasticity", "phq9_total", "mediation",
        (("indirect", ""), ("direct", ""), ("total", ""), ("rho", "")), indirect,
        observed=("phq9_total", volume, head), every_tier=False, groups=_GROUPS,
        shifts={("indirect", ""): through, ("direct", ""): symptoms, ("total", ""): symptoms},
    )  # fmt: skip


def _volume(sample: Sample) -> np.ndarray:
    return sample.column("hippocampal_volume")


def _symptoms(sample: Sample) -> np.ndarray:
    return sample.column("phq9_total")


def _head(sample: Sample) -> np.ndarray:
    return standardised(sample, "intracranial_volume")


def size(sample: Sample) -> Answer:
    """Return SDs of hippocampal volume per SD of the analyte, given intracranial volume."""
    require_people(sample, 2 * sample.study.gates.group_size)
    outcome = standardised(sample, "hippocampal_volume")
    fit = linear(sample, sample.design(sample.score, _head(sample)), outcome)
    method = f"SD of volume per SD, given intracranial volume; {fit.method}"
    return {("beta", ""): Estimate(fit.beta[1], fit.se[1], len(sample), fit.df, method=method)}


def indirect(sample: Sample) -> Answer:
    """Return PHQ-9 points per SD of the analyte that go through the volume, and those that do not.

    `rho` is the correlation of the errors of both models, by unmeasured causes of volume and
    symptoms, at which nothing would be left of the indirect effect.
    """
    require_people(sample, _GROUPS * sample.study.gates.group_size)
    volume = standardised(sample, "hippocampal_volume")
    symptoms = sample.column("phq9_total")
    others = np.column_stack([_head(sample), sample.covariates])
    rng = stream(sample.study.seed, "mediation", sample.cohort.name)
    found = mediation(sample.score, volume, symptoms, others, rng, _RESAMPLES, sample.study.level)
    confounding = sensitivity_to_confounding(sample.score, volume, symptoms, others)
    resamples = f"{_RESAMPLES:,} resamples" + (
        ", cross-products from their normal limit" if len(sample) > MANY else ""
    )
    method = f"linear mediation, standard error by bootstrap ({resamples}){sample.unweighted}"
    effects = {"indirect": found.indirect, "direct": found.direct, "total": found.total}
    answer: dict[tuple[str, str], Estimate | Plain] = {
        (name, ""): Estimate(effect.estimate, effect.se, len(sample), method=method)
        for name, effect in effects.items()
    }
    return answer | {
        ("rho", ""): Plain(
            confounding.rho_at_zero, len(sample),
            method="correlation of errors at which the indirect effect is 0 (Imai et al. 2010)"
            f"{sample.unweighted}",
            draws=found.rho_draws,
        )
    }  # fmt: skip
