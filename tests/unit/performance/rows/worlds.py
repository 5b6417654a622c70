"""Small studies that are validated whole, and what was stored of them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from builders import POOLED, make_study, people
from igfmood import results
from igfmood.config.study import Study
from igfmood.performance.cross_validation import cross_validate_cohort
from igfmood.performance.study import Within, validate_study
from igfmood.performance.task_data import TaskData, task_data
from igfmood.performance.tasks import prediction_tasks

DEPRESSION = {"name": "depression", "label": "Depression", "cases": ["mdd"],
              "controls": ["control"]}  # fmt: skip
TIERS = {
    "base": ["age_years", "sex", "bmi"],
    "analyte": ["analyte"],
    "base_analyte": ["age_years", "sex", "bmi", "analyte"],
}
#: Everything is drawn a few times: the tests compare numbers, they do not judge them.
FEW = {
    "folds": 3,
    "repeats": 2,
    "comparison_repeats": 1,
    "intervals": 200,
    "imputations": 3,
    "permutations": 8,
}
THRESHOLDS = [0.05, 0.2, 0.35, 0.5]


@dataclass(frozen=True, eq=False)
class World:
    """A study, its participants, and what its validation wrote, as read back from the files."""

    study: Study
    tables: Mapping[str, pd.DataFrame]
    rows: pd.DataFrame
    stored: pd.DataFrame

    def data(self, task: str) -> TaskData:
        """Return the people of a task."""
        found = {one.name: one for one in prediction_tasks(self.study)}[task]
        return task_data(dict(sorted(self.tables.items())), found, self.study)

    def of(self, **keys: str) -> pd.DataFrame:
        """Return rows of the results; the task is depression where nothing is said."""
        return results.select(self.rows, **{"target": "depression", "stratum": "all", **keys})

    def one(self, **keys: str) -> pd.Series:
        """Return the one row with these keys."""
        found = self.of(**keys)
        assert len(found) == 1, (keys, len(found))
        return found.iloc[0]

    def predictions(self, **keys: str) -> pd.DataFrame:
        """Return stored predictions, in the order of draws and people."""
        keys = {"task": "depression", "model": "logistic", **keys}
        found = self.stored
        for name, value in keys.items():
            found = found[found[name] == value]
        assert len(found) > 0, keys
        return found

    def draws(self, **keys: str) -> list[pd.DataFrame]:
        """Return stored predictions of each repeat or completed table."""
        found = self.predictions(**keys).groupby(["repeat", "imputation"])
        return [table.reset_index(drop=True) for _, table in found]


def study_of(*names: str, **changes: object) -> Study:
    """Return a study with one contrast, few models and few draws."""
    prediction = {"models": ["logistic", "elastic_net"], "outcomes": [], "spline_covariates": [],
                  "thresholds": THRESHOLDS, **changes.pop("prediction", {})}  # fmt: skip
    study = make_study(
        *names, prediction=prediction, resampling=FEW,
        **{"prediction_tiers": TIERS, "tasks": [DEPRESSION], **changes},
    )  # fmt: skip
    few = study.resampling.model_copy(update={"bootstrap": 6})
    return study.model_copy(update={"resampling": few})


def cohort_of(seed: int, **groups: int) -> pd.DataFrame:
    """Return people with follow-up; low levels go with depression, and with more of it to come."""
    groups = groups or {"control": 75, "mdd": 55, "bipolar": 45}
    table = people(groups, effects={"mdd": -0.9, "bipolar": 0.9}, seed=seed)
    rng = np.random.default_rng(seed)
    end = rng.uniform(1, 9, len(table))
    event = rng.exponential(14 * np.exp(0.5 * table["igf1_sds"]))
    return table.assign(
        incident_depression=pd.array(event <= end, dtype="boolean"),
        followup_years=np.minimum(event, end),
    )


def with_gaps(table: pd.DataFrame) -> pd.DataFrame:
    """Take the BMI from a fifth."""
    rng = np.random.default_rng(9)
    return table.assign(bmi=table["bmi"].mask(rng.random(len(table)) < 0.2))


def cross_validated(folder: Path, study: Study, name: str, processes: int = 1) -> Within:
    """Cross-validate the models in one cohort, whose table is in the folder."""
    found = Within(folder / f"{name}.within.parquet", folder / f"{name}.predictions.parquet")
    source = replace(POOLED, cohort=name)
    cross_validate_cohort(study, folder / name, source, found.results, found.predictions, processes)
    return found


def run(
    folder: Path, study: Study, tables: Mapping[str, pd.DataFrame], *, processes: int = 1,
    order: Callable = sorted, left_out: Mapping[str, str] | None = None,
) -> World:  # fmt: skip
    """Validate a study in a folder, cohorts given in some order, some left out for a reason."""
    folder.mkdir(exist_ok=True)
    for name, table in tables.items():
        table.to_parquet(folder / name)
    overlap = folder / "overlap.json"
    overlap.write_text(json.dumps({"left_out": left_out or {}, "pairs": []}), encoding="utf-8")
    paths = {name: folder / name for name in order(tables)}
    within = {name: cross_validated(folder, study, name, processes) for name in paths}
    places = folder / "results.parquet", folder / "predictions.parquet"
    validate_study(study, paths, within, overlap, POOLED, *places, processes)
    return World(study, tables, results.read(places[0]), pd.read_parquet(places[1]))
