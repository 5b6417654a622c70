"""Every estimate over all cohorts.

Takes the cohorts' result tables and participants; gives the pooled result table.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from igfmood import results
from igfmood.cohort.overlap import read_left_out
from igfmood.config.analysis import ALL
from igfmood.config.study import Study
from igfmood.synthesis.genetics import add_genetics
from igfmood.synthesis.johnson_neyman import add_johnson_neyman
from igfmood.synthesis.literature import add_literature
from igfmood.synthesis.one_stage import add_one_stage
from igfmood.synthesis.pool import IDENTITY, Scale, carry_single, pool_cohorts

#: Analyses whose estimates are pooled over cohorts here.
ANALYSES = [
    "contrast", "severity", "shape", "tails", "stress_buffering", "neuroplasticity", "cognition",
    "incidence", "treatment", "within_person", "negative_control", "specification",
]  # fmt: skip
#: Numbers of one cohort alone: tests, and places on its own scale.
NOT_POOLED = ("f", "chi2", "breakpoint", "rho", "fmi", "johnson_neyman")


def _scale(analysis: str, measure: str) -> Scale | None:
    return None if measure in NOT_POOLED else IDENTITY


@dataclass(frozen=True)
class SynthesisInputs:
    """Files of the cohorts: result tables, participants by cohort, the decision on overlap."""

    tables: Sequence[Path]
    participants: Mapping[str, Path]
    overlap: Path


def synthesise(
    study: Study, files: SynthesisInputs, source: results.Source, output: Path,
    populations: Collection[str] = (ALL,),
) -> None:  # fmt: skip
    """Pool what the cohorts estimated, add what papers and genes say, and write it.

    Parameters
    ----------
    study
        The study.
    files
        What the cohorts left. Of two that share people one is left out.
    source
        Source of the pooled rows.
    output
        Where to write the pooled result table.
    populations
        Those that claims are about.
    """
    cohorts = results.concatenate([results.read(path) for path in files.tables])
    cohorts = cohorts[~cohorts["cohort"].isin(read_left_out(files.overlap))]
    rows = results.Rows(source)
    pool_estimates(rows, cohorts, populations)
    add_johnson_neyman(rows, cohorts, "stress_buffering")
    add_one_stage(rows, cohorts, files.participants, study)
    add_literature(rows, cohorts, study)
    add_genetics(rows, study)
    results.write(rows.table(), output)


def pool_estimates(
    rows: results.Rows, cohorts: pd.DataFrame, populations: Collection[str] = (ALL,)
) -> None:
    """Write the synthesis of what cohorts estimated; what one alone did is carried as it stands.

    Parameters
    ----------
    rows
        Receives the pooled rows.
    cohorts
        Rows of the cohorts that count.
    populations
        Those whose pooled numbers come with further intervals, heterogeneity, and the synthesis
        without each cohort.
    """
    found = carry_single(rows, results.select(cohorts, analysis=ANALYSES), _scale, populations)
    pool_cohorts(rows, found, _scale, populations=populations)
