"""What a run can say for an item of a checklist: a sentence, where it stands, what it rests on.

Takes findings; gives frozen facts. A fact without evidence is none.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from igfmood import results
from igfmood.report.load import Findings
from igfmood.report.numbers import Link, Text

#: Place on the page: what it is called. Every one of them is there in every report.
PLACES = {
    "verdicts": "Verdicts",
    "prespecified": "Pre-specified or exploratory",
    "claims": "Claim by claim",
    "shape": "Form of the relation",
    "test": "Does it work as a test?",
    "people": "Who was studied",
    "figure-flow": "Flow of rows",
    "quality": "Data quality",
    "h-missing": "What is missing",
    "reference": "Reference curves",
    "methods-cohorts-and-outcome": "Methods: cohorts and outcome",
    "methods-measurement-and-standardisation": "Methods: measurement",
    "methods-missing-values": "Methods: missing values",
    "methods-differences-and-slopes-within-cohorts": "Methods: within cohorts",
    "methods-subsets-and-choices": "Methods: subsets and choices",
    "methods-synthesis": "Methods: synthesis",
    "methods-prediction": "Methods: prediction",
    "methods-performance-as-a-test": "Methods: performance as a test",
    "methods-claims-and-verdicts": "Methods: claims and verdicts",
    "limits": "Limits",
    "provenance": "Provenance",
    "published": "Published studies",
}


@dataclass(frozen=True)
class Fact:
    """What the run says.

    Parameters
    ----------
    text
        A sentence or two.
    place
        Where on the page it stands in full, one of `PLACES`.
    result_ids, keys
        Evidence: rows of the results, keys of the configuration.
    """

    text: Text
    place: str
    result_ids: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()

    @property
    def link(self) -> Link:
        """The place, to go to."""
        return Link(PLACES[self.place], self.place)


def rows(findings: Findings, **keys: str | Sequence[str]) -> tuple[str, ...]:
    """Return the ids of the results that hold a number and have these keys."""
    return tuple(results.select(findings.table, status="ok", **keys)["result_id"])


def if_any(
    text: str, place: str, result_ids: tuple[str, ...], keys: tuple[str, ...] = ()
) -> Fact | None:
    """Return a fact that rests on results, None where there are none."""
    return Fact((text,), place, result_ids, keys) if result_ids else None
