"""What the numbers hinge on that claims are judged by.

Takes the claims and all results; writes the sensitivity analyses of the synthesis behind every
claim: one set for each number that decides.
"""

from collections.abc import Iterator, Sequence

import pandas as pd

from igfmood import results
from igfmood.config.claims import Claim
from igfmood.config.study import Study
from igfmood.results import Rows
from igfmood.synthesis.sensitivity import MainNumber, add_sensitivity


def add_claims_sensitivity(
    rows: Rows, claims: Sequence[Claim], table: pd.DataFrame, study: Study
) -> None:
    """Write the sensitivity analyses of every number that a claim is judged by.

    Parameters
    ----------
    rows
        Receives the results.
    claims
        The claims; of two that are judged by one number the first has its rows.
    table
        All results of the study.
    study
        The study.
    """
    add_sensitivity(rows, of_cohorts(table), study, main_numbers(claims, study))


def main_numbers(claims: Sequence[Claim], study: Study) -> list[MainNumber]:
    """Return the numbers of the cohorts that claims are judged by, each once."""
    found: dict[tuple[str, ...], MainNumber] = {}
    for claim in claims:
        estimand = claim.estimand
        for measure, term in deciding(claim, study):
            keys = (
                estimand.analysis, estimand.target, estimand.adjustment, measure, term,
                estimand.population,
            )  # fmt: skip
            found.setdefault(keys, MainNumber(claim.id, *keys))
    return list(found.values())


def deciding(claim: Claim, study: Study) -> Iterator[tuple[str, str]]:
    """Yield measure and term of each number of its analysis that decides a claim."""
    for term in claim.estimand.terms:
        yield claim.estimand.measure, term
    if claim.kind == "diagnostic":
        yield "delta_auc", f"over {study.added_value[1]}"


def of_cohorts(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of cohorts, without those left out of pooling for one with their people."""
    mark = "left out of pooling: "
    said = results.select(table, analysis="overlap", measure="overlap")["method"]
    left_out = {text.removeprefix(mark).split(" (", 1)[0] for text in said if text.startswith(mark)}
    return table[~table["cohort"].isin([results.POOLED, *left_out])]
