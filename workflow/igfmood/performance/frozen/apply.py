"""A frozen model applied to a table, from file to files.

Takes a model's file and a table; writes who was scored, who was not and why, and how far the people
are from those the model was built from.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd
from threadpoolctl import threadpool_limits

from igfmood.cohort.quarantine import write_quarantine
from igfmood.errors import DataError
from igfmood.files import whole
from igfmood.performance.frozen.document import FrozenModel, read_model
from igfmood.performance.frozen.drift import Measure, drift, performance
from igfmood.performance.frozen.incoming import Incoming, read_canonical, read_configured
from igfmood.performance.frozen.score import Scored, score_people


@dataclass(frozen=True, eq=False)
class Applied:
    """What came of a table.

    Parameters
    ----------
    model, incoming, scored
        The model, the people of the table, and their risks.
    drift
        Shifts by predictor.
    performance
        Measures, where the outcome is known.
    files
        What was written.
    """

    model: FrozenModel
    incoming: Incoming
    scored: Scored
    drift: pd.DataFrame
    performance: Sequence[Measure]
    files: Sequence[Path]


def apply_model(
    model_path: Path, table: Path, output: Path, config: Path | None, cohort: str | None
) -> Applied:
    """Score a table and write the results.

    Parameters
    ----------
    model_path
        File of the model.
    table
        Table of people, under canonical names unless `config` describes it.
    output
        Where the scores go (CSV); ``_refused``, ``_drift`` and ``_performance`` files go beside it.
    config, cohort
        Study file and the name of its entry that describes the table, of one entry alone not
        needed; or, without a study file, the training cohort whose people and assay these are.

    Raises
    ------
    DataError
        If model or table cannot be used as a whole.
    """
    if not table.is_file():
        raise DataError(f"file {table} is not there")
    model = read_model(model_path)
    incoming = (
        read_canonical(table, model, cohort)
        if config is None
        else read_configured(table, config, cohort, model)
    )
    with threadpool_limits(1):
        scored = score_people(model, incoming)
    shifts, measures = drift(model, scored), performance(model, scored)
    files = [output, _beside(output, "refused"), _beside(output, "drift")]
    _write_csv(scored.table(model), output)
    write_quarantine(scored.refused, files[1])
    _write_csv(shifts, files[2])
    if measures:
        files.append(_beside(output, "performance"))
        rows = pd.DataFrame([asdict(one) for one in measures])
        rows = rows.astype({"n": "Int64", "n_events": "Int64"})
        _write_csv(rows, files[3])
    return Applied(model, incoming, scored, shifts, measures, files)


def _write_csv(table: pd.DataFrame, path: Path) -> None:
    with whole(path) as beside:
        table.to_csv(beside, index=False, lineterminator="\n")


def _beside(output: Path, part: str) -> Path:
    return output.with_name(f"{output.stem}_{part}.csv")
