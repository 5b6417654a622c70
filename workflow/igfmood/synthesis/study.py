"""Every estimate over all cohorts.

Takes the cohorts' result tables; gives the pooled result table.
"""

from collections.abc import Sequence
from pathlib import Path

from igfmood import results
from igfmood.cohort.overlap import read_left_out
from igfmood.synthesis.pool import IDENTITY, pool_cohorts

#: Analyses whose estimates are pooled over cohorts here.
_POOLED = ["contrast", "severity"]


def synthesise(tables: Sequence[Path], overlap: Path, source: results.Source, output: Path) -> None:
    """Pool what the cohorts estimated, and write it.

    Parameters
    ----------
    tables
        Result tables of the cohorts.
    overlap
        Decision on cohorts that share people; one of a pair is left out.
    source
        Source of the pooled rows.
    output
        Where to write the pooled result table.
    """
    cohorts = results.concatenate([results.read(path) for path in tables])
    cohorts = cohorts[~cohorts["cohort"].isin(read_left_out(overlap))]
    rows = results.Rows(source)
    pool_cohorts(
        rows, results.select(cohorts, analysis=_POOLED), lambda analysis, measure: IDENTITY
    )
    results.write(rows.table(), output)
