"""The outcome of people who are to be scored, as far as it is known.

Takes a cohort's entry and what was read of it; gives the columns of the outcome, people without an
outcome that could not be read, and words about who they are. Nobody is refused for it.
"""

import pandas as pd

from igfmood.cohort.build import Built
from igfmood.cohort.diagnosis.labels import Ambiguous, from_dictionary
from igfmood.config.cohort import Cohort
from igfmood.config.prediction import PHQ2
from igfmood.performance.frozen.document import FrozenModel

#: Outcomes that are columns of their own.
OUTCOMES = ("response", "incident_depression", "incident_bipolar", "entry_years", "followup_years")
#: So many rows are named.
_NAMED = 5


def outcome_columns(entry: Cohort, model: FrozenModel) -> list[str]:
    """Return the columns (* as wildcard) that tell an outcome and nothing that the model needs."""
    inputs = {one.name for one in model.inputs}
    found = [entry.columns[name].column for name in OUTCOMES if name in entry.columns]
    found += [column for one in entry.diagnosis for column in one.columns]
    if entry.phq9 and PHQ2 not in inputs:
        found += _of_phq9(entry)
    keys = {"participant_id", "visit", "age_years", "sex", *inputs}
    needed = {one.column for name, one in entry.columns.items() if name in keys}
    return [column for column in found if column not in needed]


def _of_phq9(entry: Cohort) -> list[str]:
    phq9 = entry.phq9
    return [] if phq9 is None else [*phq9.items, *([phq9.total] if phq9.total else [])]


def without_unread(built: Built, entry: Cohort) -> tuple[pd.DataFrame, list[str]]:
    """Return people whose PHQ-9 could be read or is missing, and what could not be read, in words.

    A total that contradicts its items is still a number: it is taken away.
    """
    people, unread = built.participants, built.unread
    wrong = people.index.isin(unread.loc[unread["column"].isin(_of_phq9(entry)), "row"])
    people = people.assign(phq9_total=people["phq9_total"].mask(wrong))
    if any(one.source.startswith("phq9") for one in entry.diagnosis):
        people = people.assign(diagnosis=people["diagnosis"].mask(wrong, "unknown"))
    kept = unread[unread["row"].isin(people.index)]
    return people, [
        not_evaluated(str(name), sorted(set(part["row"])))
        for name, part in kept.groupby("column", sort=False)
    ]


def not_evaluated(column: str, rows: list[int]) -> str:
    """Return in words that rows are scored without their outcome."""
    named = ", ".join(map(str, rows[:_NAMED])) + (", …" if len(rows) > _NAMED else "")
    return (
        f"{column} cannot be read in {len(rows):,} {'row' if len(rows) == 1 else 'rows'} ({named}):"
        " scored all the same, and left out where the outcome is known"
    )


def ambiguous_labels(table: pd.Series) -> list[str]:
    """Return the labels of a diagnosis that mean several things, of which nobody can say which."""
    return [text for text in table.unique() if isinstance(from_dictionary(text), Ambiguous)]
