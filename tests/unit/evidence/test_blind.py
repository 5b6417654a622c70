"""A blind run: nothing that it writes changes with how the analyte goes with an outcome."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from builders import cohort_entry, study_config
from igfmood import results
from igfmood.config.load import parse_study
from igfmood.config.vocabulary import DIAGNOSES
from igfmood.evidence.blind import BlindFiles, describe_blind, withheld

CLAIM = {
    "id": "lower", "statement": "IGF-1 is lower in depression.", "category": "susceptibility",
    "estimand": {"analysis": "contrast", "target": "depression", "measure": "smd",
                 "adjustment": "adjusted"},
    "direction": "lower", "margin": 0.2,
}  # fmt: skip
#: Digits are those of the values as given, whatever they say.
DIGITS = "digit_"
CURVES = ("reference_curve", "reference_coverage", "reference_worm")


def people(seed: int, effect: float, lacking: int = 14) -> pd.DataFrame:
    """80 controls, and 60 cases whose IGF-1 is `effect` times that of controls."""
    rng = np.random.default_rng(seed)
    n = 140
    dx = np.where(np.arange(n) < 80, "control", "mdd")
    values = np.exp(rng.normal(5.0, 0.25, n)) * np.where(dx == "mdd", effect, 1.0)
    shown = pd.Series(values).round(3)
    shown[rng.choice(n, lacking, replace=False)] = np.nan
    return pd.DataFrame({
        "id": [f"{seed}-{i}" for i in range(n)], "age": rng.uniform(25, 65, n).round(1),
        "sex": rng.choice(["male", "female"], n), "dx": dx, "igf1": shown,
        "plate": rng.choice(["A", "B"], n),
        "phq": np.where(dx == "mdd", 14, 3) + rng.integers(0, 6, n),
    })  # fmt: skip


def blind_study(folder: Path, effect: float = 1.0, lacking: int = 14) -> BlindFiles:
    """Write a cohort with batches and one without, the study; run it with outcomes withheld."""
    names = ("one", "two")
    analyte = {"column": "igf1", "unit": "ng/mL", "assay": "An assay"}
    analytes = {"one": {**analyte, "batch": "plate"}, "two": analyte}
    for seed, name in enumerate(names):
        people(seed, effect, lacking).to_csv(folder / f"{name}.csv", index=False)
    entries = [
        cohort_entry(name, table=f"{name}.csv", phq9={"total": "phq"}, analyte=analytes[name])
        for name in names
    ]
    config = study_config(
        *entries, data_root=str(folder), covariate_tiers={"adjusted": ["age_years", "sex"]}
    )
    (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    (folder / "claims.yaml").write_text(yaml.safe_dump({"claims": [CLAIM]}), encoding="utf-8")
    for name in names:
        (folder / name).mkdir(exist_ok=True)
    files = BlindFiles(
        folder / "results.parquet", folder / "flows.json",
        {name: folder / name / "quarantine.csv" for name in names},
    )  # fmt: skip
    describe_blind(parse_study(config), folder / "claims.yaml", "c0de", files)
    return files


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return blind_study(tmp_path_factory.mktemp("blind"))


@pytest.fixture(scope="module")
def table(files):
    return results.read(files.results)


def compared(table: pd.DataFrame) -> pd.DataFrame:
    """Return what is to be the same, in one order."""
    kept = table[~table["measure"].str.startswith(DIGITS)].set_index("result_id")
    return kept.drop(columns=["inputs", "method"]).sort_index()


def test_an_effect_of_any_size_changes_nothing(files, table, tmp_path):
    """Did a number tell how IGF-1 goes with the diagnosis, it would change with the effect."""
    one, other = compared(table), compared(results.read(blind_study(tmp_path, 0.5).results))
    # Batches are adjusted for the diagnosis; their spread is found by iteration.
    near = (one["cohort"] == "one") & one["analysis"].isin(["batch", *CURVES])
    pd.testing.assert_frame_equal(one[~near], other[~near], rtol=1e-4)
    of_levels = near & ~one["analysis"].isin(CURVES[1:])
    np.testing.assert_allclose(one[of_levels]["estimate"], other[of_levels]["estimate"], rtol=0.03)
    flows = (tmp_path / "flows.json").read_text(encoding="utf-8")
    assert files.flows.read_text(encoding="utf-8") == flows


def test_no_level_of_the_analyte_stands_beside_the_reference(table):
    assert set(table["analysis"]) == {
        "flow", "table1", "quality", "reference_curve", "reference_coverage", "reference_worm",
        "batch", "overlap", "sizes",
    }  # fmt: skip
    by_group = table[table["stratum"].isin(set(DIAGNOSES) - {"unknown"})]
    assert set(by_group["analysis"]) == {"quality"}
    assert set(by_group["measure"]) == {"count"}  # people in each batch
    assert not (table["measure"].str.startswith(("smd", "log", "auc", "beta"))
                & (table["measure"] != "smd_measured")).any()  # fmt: skip
    levels = table[(table["term"] == "igf1_ng_ml") | (table["exposure"] == "igf1_ng_ml")]
    assert set(levels["analysis"]) == {"table1", "reference_curve", "batch"}
    assert set(levels.loc[levels["analysis"] == "table1", "measure"]) == {"missing"}


def test_sizes_are_those_of_a_run(table):
    sizes = table[(table["analysis"] == "sizes") & (table["measure"] == "people")]
    measured = [people(seed, 1.0).dropna() for seed in (0, 1)]
    assert sizes["n"].tolist() == [len(one) for one in measured]
    assert sizes["n_events"].tolist() == [int((one["dx"] == "mdd").sum()) for one in measured]


def test_participants_without_outcomes_are_one_group():
    given = pd.DataFrame({
        "diagnosis": ["mdd"], "dx_subtype": [""], "phq9_total": [12.0], "phq9_1": [1.0],
        "response": [True], "incident_depression": [False], "age_years": [40.0], "igf1_sds": [0.1],
    })  # fmt: skip
    found = withheld(given)
    assert list(found) == ["diagnosis", "age_years", "igf1_sds"]
    assert found["diagnosis"].tolist() == ["unknown"]


def test_a_cohort_that_fails_is_told_and_the_others_are_described(tmp_path):
    blind_study(tmp_path)
    (tmp_path / "two.csv").write_text("id,age,sex,dx,igf1,plate,phq\n", encoding="utf-8")
    config = yaml.safe_load((tmp_path / "config.yaml").read_text(encoding="utf-8"))
    files = BlindFiles(
        tmp_path / "results.parquet", tmp_path / "flows.json",
        {name: tmp_path / name / "quarantine.csv" for name in ("one", "two")},
    )  # fmt: skip
    describe_blind(parse_study(config), tmp_path / "claims.yaml", "c0de", files)
    found = results.read(files.results)
    assert found.loc[found["status"] == "failed", "cohort"].tolist() == ["two"]
    assert set(found.loc[found["analysis"] == "sizes", "cohort"]) == {"one", "pooled"}
    smallest = results.select(found, measure="smallest_effect")
    assert smallest["reason"].tolist() == ["too few cohorts: k = 1 < 2"]
