"""Which worlds there are, and what is true of a claim in each.

Takes a claim and the study's settings; gives the size of the effect that a world is given, and
which verdicts would be errors in it.
"""

from dataclasses import dataclass

import pandas as pd

from igfmood.config.analysis import ALL
from igfmood.config.claims import Claim
from igfmood.config.operating import Operating
from igfmood.config.study import Study

NULL, MARGIN, CLAIMED = "null", "margin", "claimed"
U_SHAPE, BATCH, NON_SPECIFIC = "u_shape", "batch", "non_specific"
PUBLISHED, PERMUTED = "published", "permuted"

#: Stands for the kind where no world is invented for a claim.
NOT_TRIED = "not_tried"

#: Log odds of a tail for an effect of 1, where both ends go with a diagnosis.
TAIL = 0.2
#: Analyses whose claims are about groups of people.
OF_GROUPS = ("contrast", "validation", "tails")


@dataclass(frozen=True)
class Kind:
    """One kind of world: its name, what is so in it, and whether only claims on groups ask it."""

    name: str
    words: str
    of_groups: bool = False


KINDS = (
    Kind(NULL, "the analyte tells nothing of anybody"),
    Kind(MARGIN, "the effect is exactly what the claim must exceed"),
    Kind(CLAIMED, "the claim is right"),
    Kind(U_SHAPE, "both ends of the analyte go with depression or another diagnosis alike", True),
    Kind(BATCH, "the analyte tells nothing, and cases went into other batches of the assay", True),
    Kind(NON_SPECIFIC, "every diagnosis has the claimed effect, whatever it is", True),
    Kind(PERMUTED, "the measured values, dealt out anew within batch, sex and decade of age"),
    Kind(PUBLISHED, "the analyte tells nothing, and published studies alone are believed", True),
)


def asked(claim: Claim, kind: Kind) -> bool:
    """Return whether a kind of world says anything of a claim."""
    if claim.estimand.analysis == "mendelian":
        return False
    if kind.name == PUBLISHED:
        # Published studies are of everybody.
        return claim.estimand.analysis == "contrast" and claim.estimand.population == ALL
    if kind.name == NON_SPECIFIC:
        return claim.estimand.analysis in ("contrast", "validation")
    return not kind.of_groups or claim.estimand.analysis in OF_GROUPS


def effect(claim: Claim, kind: str, settings: Operating) -> float:
    """Return the effect of a claim in a world, signed, in the unit of its estimand.

    For a diagnostic claim it is the AUC that the test has.
    """
    if claim.kind == "diagnostic":
        assert claim.bound is not None
        reached = claim.bound + (1 - claim.bound) / settings.effect
        return {MARGIN: claim.bound, CLAIMED: reached, NON_SPECIFIC: reached}.get(kind, 0.5)
    sign = 1 if claim.direction == "higher" else -1
    sizes = {MARGIN: 1.0, CLAIMED: settings.effect, NON_SPECIFIC: settings.effect}
    return sign * sizes.get(kind, 0.0) * claim.margin


def effect_words(claim: Claim, kind: str, truth: "pd.Series[float]") -> str:
    """Return how large the effect is in a kind of world, in words; empty where there is none."""
    known = truth.dropna()
    if known.empty or kind in (NULL, BATCH, PERMUTED, PUBLISHED):
        return ""
    value = f"{float(known.iloc[0]):g}".replace("-", "\N{MINUS SIGN}")
    return f" ({claim.estimand.measure} {value})"


def wrong(claim: Claim, kind: str, study: Study) -> tuple[str, ...]:
    """Return the verdicts that would be errors in a kind of world.

    Where the claim is right it is REFUTED; where it is not, SUPPORTED; at the margin both, as what
    lies there is neither beyond it nor too small to be of interest.
    """
    if kind == MARGIN:
        return ("SUPPORTED", "REFUTED")
    if kind == CLAIMED:
        return ("REFUTED",)
    if kind == NON_SPECIFIC:
        # Against healthy people the claim is right there; one diagnosis against another it is not.
        tasks = [task for task in study.tasks if task.name == claim.estimand.target]
        healthy = bool(tasks) and tasks[0].controls == ["control"]
        return ("REFUTED",) if healthy else ("SUPPORTED",)
    if kind == U_SHAPE and claim.estimand.analysis == "tails" and claim.direction == "higher":
        return ("REFUTED",) if study.operating.effect * TAIL > claim.margin else ()
    return ("SUPPORTED",)
