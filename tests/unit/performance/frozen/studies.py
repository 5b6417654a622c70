"""Small studies that frozen models are made of, and tables they are applied to."""

import numpy as np
import pandas as pd
import yaml

from builders import cohort_entry, people, study_config
from igfmood.cli import main
from igfmood.config.load import parse_study
from igfmood.config.study import Study
from igfmood.performance.frozen.describe import document_of
from igfmood.performance.frozen.document import FrozenModel, Origin, write_model
from igfmood.performance.frozen.freeze import fit_frozen
from igfmood.performance.task_data import TaskData, task_data
from igfmood.performance.tasks import prediction_tasks

ORIGIN = Origin(study="demo", seed=1, code="c0de", inputs="da7a", versions={"igfmood": "0"})
GROUPS = {"control": 120, "mdd": 70, "bipolar": 60}
TIERS = {
    "base": ["age_years", "sex", "bmi"],
    "analyte": ["analyte"],
    "base_analyte": ["age_years", "sex", "bmi", "analyte"],
    "base_spline": ["age_years", "sex", "bmi", "analyte_spline"],
    "tails": ["bmi", "analyte_tails"],
    "clinical": ["age_years", "sex", "bmi", "smoking", "lithium", "analyte"],
}
PUBLISHED = "sex,age,mu,sigma,nu,tau\n" + "".join(
    f"{sex},{age},{mu},0.3,0.2,2.2\n"
    for sex, shift in (("male", 0), ("female", -8))
    for age, mu in ((18, 210 + shift), (45, 150 + shift), (75, 105 + shift))
)


def rich(table: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Give people smoking and lithium, and an event to come."""
    rng = np.random.default_rng(seed)
    n = len(table)
    lithium = rng.random(n) < np.where(table["diagnosis"] == "bipolar", 0.6, 0.15)
    event = rng.random(n) < 0.4
    return table.assign(
        smoking=rng.choice(["never", "former", "current"], n),
        lithium=pd.array(lithium, dtype="boolean"),
        incident_depression=pd.array(event, dtype="boolean"),
        followup_years=np.where(event, rng.uniform(0.5, 4, n), 6.0),
    )


def with_batches(table: pd.DataFrame) -> pd.DataFrame:
    """Draw batches whose level differs by a third."""
    plate = np.arange(len(table)) % 3
    value = table["igf1_value"] * np.array([0.8, 1.0, 1.2])[plate]
    batch = np.array(["P1", "P2", "P3"])[plate]
    return table.assign(
        igf1_value=value, igf1_ng_ml=value, igf1_harmonised_ng_ml=value, igf1_batch=batch
    )


def below_limit(table: pd.DataFrame) -> pd.DataFrame:
    """Cut the lowest fifth off."""
    limit = float(table["igf1_value"].quantile(0.2))
    below = table["igf1_value"] < limit
    return table.assign(
        igf1_below_lod=below, igf1_lod=limit, igf1_lod_ng_ml=limit,
        igf1_value=table["igf1_value"].mask(below),
    )  # fmt: skip


def with_gaps(table: pd.DataFrame) -> pd.DataFrame:
    """Take BMI, smoking and lithium from some."""
    rng = np.random.default_rng(5)
    gone = {
        name: table[name].mask(rng.random(len(table)) < share)
        for name, share in (("bmi", 0.2), ("smoking", 0.15), ("lithium", 0.1))
    }
    return table.assign(**gone)


def few_controls(table: pd.DataFrame) -> pd.DataFrame:
    """Leave 40 controls, whose curve is one of bands."""
    control = table["diagnosis"] == "control"
    return table[~control | (control.cumsum() <= 40)].reset_index(drop=True)


def study_of(folder, *, reference=None, **normalise) -> Study:
    (folder / "life.csv").write_text(PUBLISHED, encoding="utf-8")
    first = cohort_entry("first", **({"reference": reference} if reference else {}))
    return parse_study(
        study_config(
            first, cohort_entry("second"), data_root=str(folder), prediction_tiers=TIERS,
            normalise=normalise,
        )
    )  # fmt: skip


def tables_of(*changes, effect=-0.9, groups=GROUPS) -> dict[str, pd.DataFrame]:
    tables = {}
    for seed, name in enumerate(("first", "second"), 1):
        table = rich(people(groups, effects={"mdd": effect, "bipolar": 0.6}, seed=seed), seed)
        for change in changes:
            table = change(table)
        tables[name] = table
    return tables


def data_of(study: Study, tables: dict[str, pd.DataFrame], task: str = "depression") -> TaskData:
    (asked,) = [one for one in prediction_tasks(study) if one.name == task]
    return task_data(tables, asked, study)


def model_of(study: Study, data: TaskData, tier: str) -> FrozenModel:
    return document_of(fit_frozen(data, tier, study), data, tier, study, ORIGIN)


APPLIED_TIERS = ("base", "analyte", "base_spline", "clinical")
CANONICAL = [
    "age_years", "sex", "bmi", "smoking", "lithium", "igf1_value", "igf1_unit", "igf1_batch",
    "igf1_below_lod", "igf1_lod", "diagnosis", "incident_depression", "followup_years",
]  # fmt: skip


class World:
    """A study, its people, and its models as files."""

    def __init__(self, folder):
        self.folder = folder
        self.study = study_of(folder)
        tables = tables_of(with_batches, below_limit, with_gaps)
        self.tables = tables
        self.data = data_of(self.study, tables)
        for task, tiers in (
            ("depression", APPLIED_TIERS),
            ("incident_depression", ["base"]),
            ("diagnosis", ["base"]),
        ):
            for tier in tiers:
                data = data_of(self.study, tables, task)
                write_model(model_of(self.study, data, tier), self.model(tier, task))

    def model(self, tier, task="depression"):
        return self.folder / f"{task}_{tier}.json"


def apply(world, table, folder, *options, tier="clinical", task="depression", code=0):
    """Apply a model on the command line; return scored, refused, drift and performance."""
    path = folder / "table.csv"
    if isinstance(table, pd.DataFrame):
        table.to_csv(path, index=False)
    else:
        path.write_text(table, encoding="utf-8")
    output = folder / "out.csv"
    model = str(world.model(tier, task))
    assert main(["apply", model, str(path), "-o", str(output), *options]) == code
    found = [output, *(folder / f"out_{part}.csv" for part in ("refused", "drift", "performance"))]
    return [
        pd.read_csv(one, keep_default_na=one.stem != "out_refused") if one.is_file() else None
        for one in found
    ]


def row(**changes):
    """Return a table of one person, as CSV."""
    cells = {
        "age_years": "45", "sex": "female", "bmi": "24", "smoking": "never", "lithium": "no",
        "igf1_value": "150", "igf1_unit": "ng/mL", **changes,
    }  # fmt: skip
    cells = {name: cell for name, cell in cells.items() if cell is not None}
    return f"{','.join(cells)}\n{','.join(cells.values())}\n"


#: How another study describes its table.
OTHER = cohort_entry(
    "second", table="gone.csv",
    columns={
        "participant_id": "Pat", "age_years": "Alter",
        "sex": {"column": "Geschlecht", "recode": {"w": "female", "m": "male"}},
        "bmi": "BMI", "visit": "Besuch", "pregnant": "schwanger",
    },
    baseline="0",
    analyte={"column": "IGF", "unit": "nmol/L"},
    exclude=["pregnancy"],
    diagnosis={"source": "labels", "columns": ["Gruppe"],
               "labels": {"gesund": "control", "depressiv": "mdd"}},
    include=[{"name": "groups", "variable": "diagnosis", "equals": ["control", "mdd"]}],
)  # fmt: skip


def other_table(n=80):
    table = people({"control": n // 2, "mdd": n // 2}, seed=9)
    return table, pd.DataFrame({
        "Pat": np.arange(n), "Alter": table["age_years"],
        "Geschlecht": table["sex"].map({"female": "w", "male": "m"}), "BMI": table["bmi"],
        "Besuch": 0, "schwanger": "no", "IGF": table["igf1_value"] / 7.649,
        "Gruppe": table["diagnosis"].map({"control": "gesund", "mdd": "depressiv"}),
    })  # fmt: skip


def configured(folder, entry=OTHER, **changes):
    path = folder / "other.yaml"
    text = yaml.safe_dump(study_config(entry, **{"study": "another", **changes}))
    path.write_text(text, encoding="utf-8")
    return ["--config", str(path), "--cohort", "second"]
