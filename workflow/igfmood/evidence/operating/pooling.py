"""Rows that live no longer than a world.

Takes rows of cohorts; gives them with their synthesis, as the results table holds them.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from igfmood import results
from igfmood.config.study import Study


def source_of(study: Study, cohort: str) -> results.Source:
    """Return the source of rows of a world."""
    return results.Source(study.study, cohort, study.seed, "", "", study.level)


def with_pooled(
    found: Sequence[Mapping[str, Any]], study: Study,
    pool: Callable[[results.Rows, pd.DataFrame], None],
) -> pd.DataFrame:  # fmt: skip
    """Return rows of cohorts with their synthesis."""
    cohorts = results.as_table(found)
    pooled = results.Rows(source_of(study, results.POOLED))
    if len(cohorts):
        pool(pooled, cohorts)
    return pd.concat([cohorts, pooled.table()], ignore_index=True)
