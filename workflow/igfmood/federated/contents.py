"""Which rows of the results a bundle holds, and with how many digits.

Takes an analysis and a measure; gives whether and how it leaves. What is not named here stays.
"""

from dataclasses import dataclass
from functools import cache
from typing import Literal

from igfmood.association.tipping import TIPPING
from igfmood.performance.pooled import SCALES
from igfmood.performance.splits import CROSS_VALIDATION
from igfmood.synthesis.johnson_neyman import BOUND
from igfmood.synthesis.study import ANALYSES, NOT_POOLED

#: Status of a row whose number has to stay at its site.
WITHHELD = "withheld"
#: `full`: every digit, since it is pooled. `rounded`: four digits. `count`: a number of people,
#: rounded. `share`: a share of people, in whole percent.
Precision = Literal["full", "rounded", "count", "share"]


@dataclass(frozen=True)
class Content:
    """A part of a bundle: the rows that have one of these keys; nothing stands for any."""

    words: str
    analyses: tuple[str, ...]
    precision: Precision
    measures: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    terms: tuple[str, ...] = ()
    strata: tuple[str, ...] = ()

    def holds(self, analysis: str, measure: str, term: str, stratum: str) -> bool:
        """Return whether a row with these keys belongs to the part."""
        return (
            analysis in self.analyses
            and measure not in self.without
            and all(
                not allowed or word in allowed
                for word, allowed in (
                    (measure, self.measures), (term, self.terms), (stratum, self.strata)
                )
            )
        )  # fmt: skip


@cache
def contents(analyte: str) -> tuple[Content, ...]:
    """Return the parts of a bundle.

    Parameters
    ----------
    analyte
        Name of the analyte, such as ``igf1``.
    """
    not_pooled = tuple(name for name in NOT_POOLED if name != BOUND)
    return (
        Content("pooled estimates", tuple(ANALYSES), "full", without=not_pooled),
        Content("estimates under shifts", (TIPPING,), "full"),
        Content(
            "prediction, pooled", (CROSS_VALIDATION,), "full",
            measures=tuple(SCALES),
        ),
        Content(
            "prediction, other", (CROSS_VALIDATION,), "rounded",
            measures=(
                "calibration_intercept", "calibration_slope", "net_benefit", "delta_net_benefit",
            ),
        ),
        Content(
            "calibration curve", ("calibration_curve",), "rounded",
            strata=(CROSS_VALIDATION,),
        ),
        Content("mean age by group", ("table1",), "rounded", ("mean",), terms=("age_years",)),
        Content(
            "people, women by group", ("table1",), "count", ("count",),
            terms=("people", "female"),
        ),
        Content(
            "share without the analyte", ("quality",), "share", ("missing",), terms=(analyte,),
            strata=("all",),
        ),
    )  # fmt: skip


def content_of(
    analysis: str, measure: str, term: str, stratum: str, analyte: str
) -> Content | None:  # fmt: skip
    """Return the part of a bundle that a row belongs to, None if it stays."""
    return next(
        (one for one in contents(analyte) if one.holds(analysis, measure, term, stratum)), None
    )


@cache
def released_analyses() -> frozenset[str]:
    """Return the analyses of which a bundle holds anything."""
    return frozenset(name for one in contents("") for name in one.analyses)
