"""Inclusion and exclusion, as data.

Takes participants and the rules of a cohort; gives the rule that excluded each row. Rules are
applied in order: inclusion first, and a row counts for the first rule that leaves it out.
"""

import numpy as np
import pandas as pd

from igfmood.cohort.values import normal_code
from igfmood.config.cohort import Cohort
from igfmood.config.rules import Rule
from igfmood.config.study import Analyte
from igfmood.errors import DataError


def not_applicable(participants: pd.DataFrame, cohort: Cohort) -> dict[str, str]:
    """Return known exclusions whose variable is missing throughout: rule, variable."""
    return {
        rule.name: rule.variable
        for rule in cohort.exclude
        if rule.known
        and (rule.variable not in participants or participants[rule.variable].isna().all())
    }


def excluded_by(participants: pd.DataFrame, cohort: Cohort, analyte: Analyte) -> pd.Series:
    """Return the name of the rule that excludes each row, empty for rows that stay.

    A missing value fails an inclusion rule and never meets an exclusion rule, unless the rule
    asks for missing values.

    Raises
    ------
    DataError
        If a rule of the study is about an optional column that the files do not have.
    """
    names, order = [""], np.zeros(len(participants), dtype=np.intp)
    _require_variables(participants, cohort)
    idle = not_applicable(participants, cohort)
    rules = [(r, True) for r in cohort.include]
    rules += [(r, False) for r in cohort.exclude if r.name not in idle]
    for rule, wanted in rules:
        met = rule_met(participants, rule, analyte)
        leaves = (~met if wanted else met).to_numpy(bool)
        order[(order == 0) & leaves] = len(names)
        names.append(rule.name)
    reason = np.array(names, dtype=object)[order]
    return pd.Series(reason, index=participants.index, dtype=object)


def ruled_columns(participants: pd.DataFrame, cohort: Cohort, analyte: Analyte) -> list[str]:
    """Return the columns of participants that rules of the cohort look at."""
    names = {rule.variable for rule in (*cohort.include, *cohort.exclude)}
    names |= {analyte.value, analyte.below_lod, "dx_subtype"}
    return [name for name in participants if name in names]


def _require_variables(participants: pd.DataFrame, cohort: Cohort) -> None:
    for rule in (*cohort.include, *cohort.exclude):
        if not rule.known and rule.variable != "analyte" and rule.variable not in participants:
            raise DataError(
                f"cohort {cohort.name!r}: rule {rule.name!r} is about {rule.variable}, and no file "
                "of the cohort has its column: name another column, or leave the rule out"
            )


def rule_met(participants: pd.DataFrame, rule: Rule, analyte: Analyte) -> pd.Series:
    """Return which rows meet the condition of a rule."""
    name = analyte.value if rule.variable == "analyte" else rule.variable
    values = participants[name]
    absent = values.isna()
    if rule.variable == "analyte":
        absent &= ~participants[analyte.below_lod]
    if rule.missing is not None:
        return absent == rule.missing
    if rule.equals is not None:
        met = _equals(values, rule.equals) & ~absent
        # A subtype such as bipolar_2 is a diagnosis too.
        return (
            met | _equals(participants["dx_subtype"], rule.equals) if name == "diagnosis" else met
        )
    if rule.below is not None:
        return (values < rule.below).fillna(False).astype(bool)
    return (values >= rule.at_least).fillna(False).astype(bool)


def _equals(values: pd.Series, codes: list[str]) -> pd.Series:
    wanted = {normal_code(code) for code in codes}
    places, distinct = pd.factorize(values, use_na_sentinel=True)
    words = {True: "yes", False: "no"} if values.dtype == "boolean" else {}
    found = [normal_code(str(words.get(value, value))) in wanted for value in distinct]
    # The last answer is that of missing values, whose place is -1.
    answers = np.array([*found, "" in wanted], dtype=bool)
    return pd.Series(answers[places], index=values.index, name=values.name)
