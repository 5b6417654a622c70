"""Rows of subgroups: the same measures among some of the people, or that these are too few."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from igfmood import results
from igfmood.performance.splits import CROSS_VALIDATION, VALIDATION
from unit.performance.rows.worlds import cohort_of, run, study_of

NEW = "base_analyte"


def members(table, name):
    age = table["age_years"]
    return {
        "women": table["sex"] == "female", "men": table["sex"] == "male",
        "age below 40": age < 40, "age 40 to 59": (age >= 40) & (age < 60),
        "age 60 or more": age >= 60,
    }[name]  # fmt: skip


@pytest.mark.parametrize("analysis", [CROSS_VALIDATION, VALIDATION])
@pytest.mark.parametrize("name", ["women", "men", "age below 40", "age 40 to 59", "age 60 or more"])
def test_a_subgroup_has_the_measures_of_its_members(whole, analysis, name):
    table = whole.tables["a"].set_index("participant_id")
    found = []
    for draw in whole.draws(analysis=analysis, held_out="a", tier=NEW):
        one = draw[members(table, name)[draw["participant"]].to_numpy()]
        y, p = one["y"].to_numpy(), one["p"].to_numpy()
        found.append((len(y), y.sum(), roc_auc_score(y, p), np.log(y.sum() / p.sum())))
    n, cases, auc, ratio = np.mean(found, axis=0)
    kept = {"cohort": "a", "analysis": analysis, "adjustment": NEW, "stratum": name}
    rows = {measure: whole.one(**kept, measure=measure) for measure in ("auc", "log_oe")}
    if min(cases, n - cases) < 20:
        for row in rows.values():
            assert row["status"] == "not_estimable"
            rarer = int(min(cases, n - cases))
            assert row["reason"] == f"too small to judge: {rarer} of the rarer class < 20"
        return
    assert rows["auc"]["estimate"] == pytest.approx(auc, abs=1e-12)
    assert rows["log_oe"]["estimate"] == pytest.approx(ratio, abs=1e-12)
    assert (rows["auc"]["n"], rows["auc"]["n_events"]) == (n, cases)


def test_some_are_judged_and_some_are_too_small(whole):
    rows = results.select(whole.rows, cohort="a", analysis=VALIDATION, target="depression",
                          measure="auc", adjustment=NEW, model="logistic")  # fmt: skip
    rows = rows[rows["stratum"] != "all"]
    assert len(rows) == 5
    assert set(rows["status"]) == {"ok", "not_estimable"}


def test_users_of_antidepressants_are_a_subgroup_where_they_are_known(whole, tmp_path):
    found = results.select(whole.rows, measure="auc")["stratum"]
    assert not found.str.contains("antidepressant").any()
    table = cohort_of(1, control=80, mdd=80)
    rng = np.random.default_rng(1)
    table["ad_use"] = rng.random(len(table)) < 0.5
    table["ad_use"] = table["ad_use"].astype("boolean").mask(rng.random(len(table)) < 0.05)
    tiers = {"base": ["bmi"], "base_analyte": ["bmi", "analyte"],
             "drug": ["bmi", "ad_use", "analyte"]}  # fmt: skip
    study = study_of("a", prediction_tiers=tiers, prediction={"models": ["logistic"]})
    world = run(tmp_path / "drugs", study, {"a": table})
    for name, value in (("antidepressant", True), ("no antidepressant", False)):
        row = world.one(cohort="a", analysis=CROSS_VALIDATION, measure="auc", adjustment=NEW,
                        stratum=name)  # fmt: skip
        used = table["ad_use"].eq(value).fillna(False)
        assert (row["n"], row["n_events"]) == (
            used.sum(), (used & (table["diagnosis"] == "mdd")).sum(),
        )  # fmt: skip


def test_women_and_men_are_compared_as_different_people(whole):
    kept = {"cohort": "a", "analysis": VALIDATION, "adjustment": NEW, "model": "logistic"}
    women, men = (whole.one(**kept, measure="auc", stratum=name) for name in ("women", "men"))
    row = whole.one(**kept, measure="delta_auc", stratum="women minus men")
    assert row["estimate"] == pytest.approx(women["estimate"] - men["estimate"])
    assert row["se"] == pytest.approx(np.hypot(women["se"], men["se"]))
    assert row["n"] == women["n"] + men["n"]
