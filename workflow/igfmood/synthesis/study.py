"""Every estimate over all cohorts.

Takes the cohorts' result tables; gives the pooled result table.
"""

from collections.abc import Sequence
from pathlib import Path

from igfmood import results
from igfmood.cohort.overlap import read_left_out
from igfmood.config.study import Study
from igfmood.synthesis.genetics import add_genetics
from igfmood.synthesis.pool import IDENTITY, Scale, carry_single, pool_cohorts

#: Analyses whose estimates are pooled over cohorts here.
_POOLED = [
    "contrast", "severity", "shape", "tails", "stress_buffering", "neuroplasticity", "cognition",
    "incidence", "treatment", "within_person", "specification",
]  # fmt: skip
#: Numbers of one cohort alone: tests, and places on its own scale.
_NOT_POOLED = ("f", "chi2", "breakpoint", "rho")


def _scale(analysis: str, measure: str) -> Scale | None:
    return None if measure in _NOT_POOLED else IDENTITY


def synthesise(
    study: Study, tables: Sequence[Path], overlap: Path, source: results.Source, output: Path
) -> None:
    """Pool what the cohorts estimated, add what genes say, and write it.

    Parameters
    ----------
    study
        The study.
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
    found = carry_single(rows, results.select(cohorts, analysis=_POOLED), _scale)
    pool_cohorts(rows, found, _scale)
    add_genetics(rows, study)
    results.write(rows.table(), output)
