"""Scoring the PHQ-9.

Takes nine items or a total as text; gives the items 0-3, the total 0-27, how many items were
missing and where the total came from.
"""

import numpy as np
import pandas as pd

from igfmood.cohort.table import RawTable
from igfmood.cohort.values import Parsed, is_missing, parse_number, problems_at
from igfmood.config.questionnaire import Phq9
from igfmood.config.vocabulary import PHQ9_ITEMS

#: Missing items that proration allows (NHS Talking Therapies manual).
MAX_PRORATED = 2


def score_phq9(
    raw: RawTable, entry: Phq9, missing_codes: list[str]
) -> tuple[pd.DataFrame, list[Parsed]]:
    """Score the PHQ-9 of every row.

    Parameters
    ----------
    raw
        Table of text with the questionnaire's columns.
    entry
        Which columns, missing codes and rule.
    missing_codes
        Missing codes of the whole table.

    Returns
    -------
    scored : DataFrame
        ``phq1`` … ``phq9`` (where items are given), ``phq9_total`` (points, 0-27),
        ``phq9_n_missing`` and ``phq9_source`` (complete, prorated, given; empty if no total).
    parsed : list of Parsed
        The columns as read, with their problems.
    """
    codes = [*missing_codes, *entry.missing]
    if entry.total is not None:
        return _given_total(raw[entry.total], codes, raw.decimal(entry.total))
    parsed = [_whole_number(raw[name], codes, 3, raw.decimal(name)) for name in entry.items]
    scored = pd.DataFrame(
        {item: column.values for item, column in zip(PHQ9_ITEMS, parsed, strict=True)}
    )
    return _total(scored, entry.rule), parsed


def _total(items: pd.DataFrame, rule: str) -> pd.DataFrame:
    values = items.to_numpy()
    n_missing = np.isnan(values).sum(axis=1)
    allowed = MAX_PRORATED if rule == "prorate" else 0
    answered = len(PHQ9_ITEMS) - n_missing
    with np.errstate(invalid="ignore", divide="ignore"):
        prorated = np.floor(np.nansum(values, axis=1) * len(PHQ9_ITEMS) / answered + 0.5)
    total = np.where(n_missing <= allowed, prorated, np.nan)
    source = np.where(np.isnan(total), "", np.where(n_missing == 0, "complete", "prorated"))
    return items.assign(
        phq9_total=total, phq9_n_missing=n_missing.astype(float), phq9_source=source
    ).astype({"phq9_source": "str"})


def _given_total(
    column: pd.Series, codes: list[str], decimal: str
) -> tuple[pd.DataFrame, list[Parsed]]:
    parsed = _whole_number(column, codes, 27, decimal)
    source = np.where(parsed.values.notna(), "given", "")
    scored = pd.DataFrame(
        {"phq9_total": parsed.values, "phq9_n_missing": np.nan, "phq9_source": source},
        index=column.index,
    ).astype({"phq9_source": "str"})
    return scored, [parsed]


def _whole_number(column: pd.Series, codes: list[str], highest: int, decimal: str) -> Parsed:
    parsed = parse_number(column, is_missing(column, codes), decimal)
    outside = parsed.values.notna() & ~parsed.values.isin(range(highest + 1))
    problems = problems_at(column, outside, f"is not a whole number from 0 to {highest}")
    together = pd.concat([parsed.problems, problems]) if len(problems) else parsed.problems
    return Parsed(parsed.values.mask(outside), together)
