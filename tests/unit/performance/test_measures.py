"""Measures of stored predictions, and the rows of cohorts that have none."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from builders import POOLED, SOURCE, make_study, people
from igfmood import results
from igfmood.performance.measures import add_measures
from igfmood.performance.predict import CROSS_VALIDATION, VALIDATION
from igfmood.performance.study import validate_study
from igfmood.results import Rows

STUDY = make_study("a", "b", "c", resampling={"folds": 3, "repeats": 1})
MEASURES = {"auc", "delta_auc", "brier", "calibration_intercept", "calibration_slope"}


def predictions(analysis, repeats=2, folds=3, n=150, seed=1):
    """Predictions with a signal in two of three tiers; risks are as predicted."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    parts = []
    for repeat in range(repeats):
        fold = rng.permutation(np.arange(n) % folds)
        for tier, strength in (("base", 0.0), ("analyte", 0.7), ("base_analyte", 1.0)):
            p = 1 / (1 + np.exp(-(strength * (2 * y - 1) + rng.normal(size=n))))
            parts.append(
                pd.DataFrame(
                    {"analysis": analysis, "task": "depression", "tier": tier, "repeat": repeat,
                     "fold": fold, "held_out": "a", "y": y, "p": p,
                     "participant": [f"{row:04d}" for row in range(n)]}
                )
            )  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def measured(table):
    rows = Rows(replace(SOURCE, cohort="a"))
    add_measures(rows, table, STUDY)
    return rows.table()


def test_each_tier_has_every_measure_and_the_pair_its_difference():
    found = measured(predictions(CROSS_VALIDATION))
    assert (found["status"] == "ok").all()
    counts = found.groupby("measure")["adjustment"].nunique().to_dict()
    assert counts == {measure: 1 if measure == "delta_auc" else 3 for measure in MEASURES}
    assert (found["n"] == 150).all()
    assert (found["n_events"] == predictions(CROSS_VALIDATION)["y"].iloc[:150].sum()).all()
    assert ((found["ci_low"] < found["estimate"]) & (found["estimate"] < found["ci_high"])).all()


def test_a_cross_validated_auc_is_the_mean_within_folds():
    table = predictions(CROSS_VALIDATION)
    found = results.select(measured(table), measure="auc").set_index("adjustment")["estimate"]
    for tier, part in table.groupby("tier"):
        folds = [roc_auc_score(f["y"], f["p"]) for _, f in part.groupby(["repeat", "fold"])]
        assert found[tier] == pytest.approx(np.mean(folds), rel=1e-9)


def test_an_auc_in_another_cohort_is_that_of_all_its_people():
    table = predictions(VALIDATION, repeats=1, folds=1)
    found = results.select(measured(table), measure="auc").set_index("adjustment")["estimate"]
    for tier, part in table.groupby("tier"):
        assert found[tier] == pytest.approx(roc_auc_score(part["y"], part["p"]), rel=1e-12)


def test_the_difference_is_that_of_the_two_aucs_and_not_flipped():
    for analysis, folds in ((CROSS_VALIDATION, 3), (VALIDATION, 1)):
        table = predictions(analysis, repeats=1, folds=folds)
        found = measured(table).set_index(["measure", "adjustment"])["estimate"]
        gain = found["auc", "base_analyte"] - found["auc", "base"]
        assert found["delta_auc", "base_analyte"] == pytest.approx(gain, abs=1e-12)
        worse = table.assign(p=table["p"].where(table["tier"] != "base_analyte", 1 - table["p"]))
        turned = measured(worse).set_index(["measure", "adjustment"])["estimate"]
        assert turned["auc", "base_analyte"] == pytest.approx(1 - found["auc", "base_analyte"])
        assert turned["delta_auc", "base_analyte"] < 0


def test_calibration_is_the_mean_over_repeats():
    table = predictions(CROSS_VALIDATION, repeats=3)
    brier = results.select(measured(table), measure="brier").set_index("adjustment")
    for tier, part in table.groupby("tier"):
        by_repeat = part.assign(loss=(part["y"] - part["p"]) ** 2).groupby("repeat")["loss"]
        assert brier.loc[tier, "estimate"] == pytest.approx(by_repeat.mean().mean())
        se = np.sqrt((by_repeat.var(ddof=1) / 150).mean())
        assert brier.loc[tier, "se"] == pytest.approx(se, rel=1e-9)


def test_curves_are_given_for_held_out_cohorts_only_and_on_the_grid():
    assert not set(measured(predictions(CROSS_VALIDATION))["analysis"]) - {CROSS_VALIDATION}
    found = measured(predictions(VALIDATION, repeats=1, folds=1))
    roc = results.select(found, analysis="roc_curve", adjustment="base")
    assert roc["term"].tolist()[:3] == ["0.00", "0.05", "0.10"]
    assert roc["estimate"].is_monotonic_increasing
    assert roc["estimate"].iloc[-1] == 1
    assert len(results.select(found, analysis="calibration_curve", adjustment="base")) == 20


def test_equal_predictions_give_reasons_and_not_numbers():
    table = predictions(VALIDATION, repeats=1, folds=1).assign(p=0.4)
    found = measured(table)
    undone = found[found["status"] == "not_estimable"]
    assert {"calibration_slope", "observed"} <= set(undone["measure"])
    assert (undone["reason"] != "").all()
    assert undone["estimate"].isna().all()


@pytest.fixture(scope="module")
def validated(tmp_path_factory):
    """Results and predictions of a study of three cohorts, one failed and one too small."""
    folder = tmp_path_factory.mktemp("study")
    tables = {
        "a": people({"control": 60, "mdd": 40}, effects={"mdd": -0.8}),
        "b": people({"control": 60, "mdd": 5}, seed=2),
        "c": pd.DataFrame(),
    }
    for name, table in tables.items():
        table.to_parquet(folder / name)
    paths = {name: folder / name for name in tables}
    overlap = folder / "overlap.json"
    overlap.write_text('{"left_out": {}, "pairs": []}', encoding="utf-8")
    validate_study(STUDY, paths, overlap, POOLED, folder / "results", folder / "predictions")
    return results.read(folder / "results"), pd.read_parquet(folder / "predictions")


def test_refused_cohorts_have_rows_with_the_reason(validated):
    found = results.select(validated[0], target="depression", measure="auc", adjustment="base")
    rows = found.set_index(["cohort", "analysis"])
    assert rows.loc[("a", CROSS_VALIDATION), "status"] == "ok"
    assert rows.loc[("a", VALIDATION), "reason"] == "no other cohort can build the model"
    for analysis in (CROSS_VALIDATION, VALIDATION):
        assert rows.loc[("b", analysis), "reason"] == "too few cases (mdd): 5 < 20"
    assert ("c", CROSS_VALIDATION) not in rows.index


def test_every_cohort_has_every_measure_once_whatever_its_status(validated):
    measures = ["auc", "brier", "calibration_intercept", "calibration_slope"]
    table = results.select(
        validated[0], measure=measures, analysis=[CROSS_VALIDATION, VALIDATION], cohort=["a", "b"]
    )
    counts = table.groupby(["cohort", "analysis", "target", "adjustment", "measure"]).size()
    tiers = table["adjustment"].nunique()
    assert (counts == 1).all()
    assert len(counts) == 2 * 2 * table["target"].nunique() * tiers * len(measures)
    added = results.select(validated[0], measure="delta_auc", cohort=["a", "b"], term="over base")
    assert len(added) == 2 * 2 * table["target"].nunique()


def test_one_cohort_alone_is_not_pooled_and_says_so(validated):
    pooled = results.select(validated[0], cohort="pooled", target="depression", measure="auc")
    assert (pooled["status"] == "not_estimable").all()
    assert len(pooled) == 6


def test_a_task_that_no_cohort_can_answer_has_rows_too(validated):
    found = results.select(validated[0], target="bipolar", analysis=CROSS_VALIDATION)
    assert set(found["cohort"]) == {"a", "b", "pooled"}
    assert (found["status"] == "not_estimable").all()


def test_stored_predictions_are_what_the_numbers_come_from(validated):
    table, stored = validated
    auc = results.select(table, cohort="a", measure="auc", analysis=CROSS_VALIDATION, status="ok")
    base = stored[(stored["tier"] == "base") & (stored["analysis"] == CROSS_VALIDATION)]
    folds = [roc_auc_score(f["y"], f["p"]) for _, f in base.groupby("fold")]
    assert auc.set_index("adjustment")["estimate"]["base"] == pytest.approx(np.mean(folds))
    assert set(stored["task"]) == {"depression"}
