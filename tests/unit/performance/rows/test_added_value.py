"""Rows of added value beside the AUC, by their definitions."""

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm

from builders import SOURCE
from igfmood.performance.columns import SCORE
from igfmood.performance.predict import validate
from igfmood.performance.prepare import prepare
from igfmood.performance.rows.added_value import add_added_value, add_likelihood_ratio
from igfmood.performance.rows.unit import Unit
from igfmood.performance.splits import CROSS_VALIDATION, VALIDATION, Split
from igfmood.results import Rows

NEW, OLD = "base_analyte", "base"


def pairs(whole, analysis, cohort):
    for new, old in zip(
        *(whole.draws(analysis=analysis, held_out=cohort, tier=t) for t in (NEW, OLD)), strict=True
    ):
        assert new["participant"].equals(old["participant"])
        yield new["y"].to_numpy(float), new["p"].to_numpy(), old["p"].to_numpy()


@pytest.mark.parametrize("analysis", [CROSS_VALIDATION, VALIDATION])
def test_each_is_its_definition_averaged_over_draws(whole, analysis):
    found = {name: [] for name in ("delta_scaled_brier", "nri", "nri_events", "nri_nonevents",
                                   "idi")}  # fmt: skip
    for y, new, old in pairs(whole, analysis, "a"):
        case = y == 1
        spread = y.mean() * (1 - y.mean())
        gain = ((old - y) ** 2).mean() - ((new - y) ** 2).mean()
        found["delta_scaled_brier"].append(gain / spread)
        moved = np.sign(new - old)
        found["nri_events"].append(moved[case].mean())
        found["nri_nonevents"].append(-moved[~case].mean())
        found["nri"].append(moved[case].mean() - moved[~case].mean())
        found["idi"].append((new - old)[case].mean() - (new - old)[~case].mean())
    for measure, values in found.items():
        own = measure == "delta_scaled_brier"
        row = whole.one(
            cohort="a", measure=measure, adjustment=NEW, term="over base",
            analysis=analysis if own else "reclassification",
            stratum="all" if own else analysis,
        )  # fmt: skip
        assert row["estimate"] == pytest.approx(np.mean(values), abs=1e-12)
        assert row["ci_low"] < row["estimate"] < row["ci_high"]
        assert own or "no verdict rests on it" in row["method"]


def test_the_difference_of_scaled_brier_scores_is_that_of_the_rows(whole):
    scores = [
        whole.one(cohort="b", analysis=VALIDATION, measure="scaled_brier", adjustment=tier,
                  model="logistic")["estimate"] for tier in (NEW, OLD)
    ]  # fmt: skip
    row = whole.one(cohort="b", analysis=VALIDATION, measure="delta_scaled_brier")
    assert row["estimate"] == pytest.approx(scores[0] - scores[1], abs=1e-12)


def test_its_error_is_that_of_the_bootstrap(whole):
    y, new, old = next(pairs(whole, VALIDATION, "b"))
    rng = np.random.default_rng(1)
    found = []
    for _ in range(2000):
        rows = rng.integers(0, len(y), len(y))
        share = y[rows].mean()
        gain = ((old - y) ** 2)[rows].mean() - ((new - y) ** 2)[rows].mean()
        found.append(gain / (share * (1 - share)))
    row = whole.one(cohort="b", analysis=VALIDATION, measure="delta_scaled_brier")
    assert row["se"] == pytest.approx(np.std(found), rel=0.08)


def test_the_likelihood_ratio_test_is_that_of_statsmodels(whole):
    data = whole.data("depression")
    own = np.flatnonzero(data.people.cohort == "a")
    ready = prepare(data, Split("added_value", "a", 0, 0, own, own), whole.study)
    y, base = ready.train.y, ready.train.predictors.to_numpy(float)  # age, sex, BMI, no gaps
    assert base.shape == (130, 3)
    small = sm.Logit(y, sm.add_constant(base)).fit(disp=0)
    large = sm.Logit(y, sm.add_constant(np.column_stack([base, ready.known_train[SCORE]]))).fit(
        disp=0
    )
    kept = {"cohort": "a", "analysis": "added_value", "stratum": "all people"}
    row = whole.one(**kept, measure="chi2")
    assert row["estimate"] == pytest.approx(2 * (large.llf - small.llf), rel=1e-6)
    assert row["df"] == 1
    assert row["p"] < 1e-4
    row = whole.one(**kept, measure="adequacy")
    assert row["estimate"] == pytest.approx(
        (small.llf - small.llnull) / (large.llf - large.llnull), rel=1e-6
    )


def test_gaps_that_were_filled_once_are_named(gaps, whole):
    kept = {"cohort": "a", "analysis": "added_value", "stratum": "all people", "measure": "chi2"}
    assert "filled once" in gaps.one(**kept)["method"]
    assert "filled" not in whole.one(**kept)["method"]


def test_models_that_agree_on_everybody_reclassify_nobody_and_every_row_says_so(whole):
    data = whole.data("depression")
    found = validate(data, "a", whole.study)
    same = replace(found, p=found.p | {("logistic", NEW): found.p["logistic", OLD]})
    unit = Unit(Rows(SOURCE), data.task, same, whole.study)
    add_added_value(unit)
    rows = unit.rows.table()
    rows = rows[rows["analysis"] == "reclassification"]
    assert set(rows["measure"]) == {"nri", "nri_events", "nri_nonevents", "idi"}
    assert (rows["stratum"] == VALIDATION).all()
    assert rows["reason"].str.contains("the same risk").all()


def test_an_analyte_that_does_not_vary_has_no_test_and_the_rows_say_so(whole, monkeypatch):
    data = whole.data("depression")

    def flat(*args):
        ready = prepare(*args)
        score = np.zeros_like(ready.known_train[SCORE])
        return replace(ready, known_train=ready.known_train | {SCORE: score})

    monkeypatch.setattr("igfmood.performance.rows.added_value.prepare", flat)
    unit = Unit(Rows(SOURCE), data.task, validate(data, "a", whole.study), whole.study)
    add_likelihood_ratio(unit, data)
    rows = unit.rows.table()
    assert set(rows["measure"]) == {"chi2", "adequacy"}
    assert rows["reason"].str.contains("does not vary").all()
