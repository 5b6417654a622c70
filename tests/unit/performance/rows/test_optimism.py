"""Rows of optimism: the whole pipeline again in bootstrap samples, by a loop."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import logit
from sklearn.metrics import roc_auc_score
from statsmodels.api import GLM, families

from igfmood import results
from igfmood.errors import NotEstimable
from igfmood.performance.models.linear_risk import fit_linear_risk
from igfmood.performance.prepare import prepare, resolve
from igfmood.performance.rows import optimism
from igfmood.performance.rows.optimism import _draws, add_optimism
from igfmood.performance.splits import Split

NEW = "base_analyte"


def auc(y, p, cohort):
    table = pd.DataFrame({"y": y, "p": p})
    parts = [part for _, part in table.groupby(cohort)]
    weights = [(part["y"] == 1).sum() * (part["y"] == 0).sum() for part in parts]
    return np.average([roc_auc_score(part["y"], part["p"]) for part in parts], weights=weights)


def scaled(y, p, cohort):
    share = pd.Series(y).groupby(cohort).transform("mean").to_numpy()
    return 1 - ((y - p) ** 2).sum() / ((y - share) ** 2).sum()


def slope(y, p, cohort):
    design = pd.get_dummies(pd.Series(cohort), dtype=float).assign(line=logit(p))
    return GLM(y, design.to_numpy(), families.Binomial()).fit().params[-1]


MEASURES = {"auc": auc, "scaled_brier": scaled, "calibration_slope": slope}


@pytest.fixture(scope="module")
def loop(whole):
    """Outcomes, samples, and risks of everybody by the model of all and of each sample."""
    data, study = whole.data("depression"), whole.study
    everybody = np.arange(len(data.people))

    def learned(rows):
        ready = prepare(data, Split("optimism", "all", 0, 0, rows, everybody), study)
        X, new, _ = ready.columns(resolve(data, data.cohorts, NEW, study), study)
        model = fit_linear_risk(X, ready.train.y, ready.train.cohort)
        return model.predict(new, ready.test.cohort)

    samples = list(_draws(data, study))
    return data, samples, learned(everybody), [learned(rows) for rows in samples]


def test_samples_keep_the_people_of_each_cohort_and_class(loop):
    data, samples, _, _ = loop
    people = data.people
    assert len(samples) == 6
    assert len({tuple(rows) for rows in samples}) == 6
    for rows in samples:
        for cohort in "abc":
            for y in (0, 1):
                here = (people.cohort == cohort) & (people.y == y)
                assert here[rows].sum() == here.sum()
        assert len(set(rows.tolist())) < 0.75 * len(rows)


@pytest.mark.parametrize("measure", MEASURES)
def test_optimism_is_the_mean_difference_of_training_and_test(whole, loop, measure):
    data, samples, p, again = loop
    y, cohort, function = data.people.y, data.people.cohort, MEASURES[measure]
    apparent = function(y, p, cohort)
    gaps = [function(y[rows], one[rows], cohort[rows]) - function(y, one, cohort)
            for rows, one in zip(samples, again, strict=True)]  # fmt: skip
    kept = {"cohort": "pooled", "analysis": "optimism", "adjustment": NEW, "measure": measure}
    rows = {term: whole.one(**kept, term=term) for term in ("apparent", "optimism", "corrected")}
    tolerance = 1e-5 if measure == "calibration_slope" else 1e-10
    assert rows["apparent"]["estimate"] == pytest.approx(apparent, abs=tolerance)
    assert rows["optimism"]["estimate"] == pytest.approx(np.mean(gaps), abs=tolerance)
    assert rows["optimism"]["se"] == pytest.approx(np.std(gaps, ddof=1) / np.sqrt(6), abs=tolerance)
    assert rows["corrected"]["estimate"] == pytest.approx(apparent - np.mean(gaps), abs=tolerance)
    assert rows["apparent"]["n"] == len(y)


def test_instability_is_how_far_risks_of_a_person_lie_apart(whole, loop):
    _, _, p, again = loop
    kept = {"cohort": "pooled", "analysis": "instability", "adjustment": NEW}
    distance = np.mean([np.abs(one - p).mean() for one in again])
    assert whole.one(**kept, measure="mape")["estimate"] == pytest.approx(distance, abs=1e-10)
    low, high = np.quantile(again, [0.025, 0.975], axis=0)
    assert whole.one(**kept, measure="range_95")["estimate"] == pytest.approx(
        (high - low).mean(), abs=1e-10
    )


def test_a_pipeline_that_fails_has_reasons_for_every_number(whole, monkeypatch):
    def none(*_):
        raise NotEstimable("no curve")

    monkeypatch.setattr(optimism, "prepare", none)
    source = results.Source("demo", "pooled", 1, "c0de", "da7a")
    rows = add_optimism(source, whole.data("depression"), whole.study).table()
    assert (rows["reason"] == "no curve").all()
    assert rows.groupby(["analysis", "adjustment"]).size().to_dict() == {
        ("instability", "base"): 2, ("instability", NEW): 2,
        ("optimism", "base"): 3, ("optimism", NEW): 3,
    }  # fmt: skip


def test_a_model_is_judged_on_the_values_it_was_fitted_to(gaps):
    # The apparent slope of maximum likelihood is 1: filled gaps are the same on both sides.
    row = gaps.one(cohort="pooled", analysis="optimism", measure="calibration_slope",
                   term="apparent", adjustment=NEW)  # fmt: skip
    assert row["estimate"] == pytest.approx(1, abs=1e-6)
