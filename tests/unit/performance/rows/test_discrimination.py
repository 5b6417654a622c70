"""Rows of discrimination are the measures of the stored predictions."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from builders import SOURCE
from igfmood import results
from igfmood.performance.predict import validate
from igfmood.performance.rows.discrimination import add_discrimination
from igfmood.performance.rows.unit import Unit
from igfmood.performance.splits import CROSS_VALIDATION, VALIDATION
from igfmood.results import Rows
from unit.performance.rows.worlds import TIERS

NEW, OLD = "base_analyte", "base"


def delong(y, *scores):
    """Covariance of AUCs by all pairs of a case and a control."""
    placed = []
    for score in scores:
        case, control = score[y == 1], score[y == 0]
        wins = (case[:, None] > control) + 0.5 * (case[:, None] == control)
        placed.append((wins.mean(axis=1), wins.mean(axis=0)))
    by_case, by_control = (np.atleast_2d(np.cov([one[i] for one in placed])) for i in (0, 1))
    return by_case / (y == 1).sum() + by_control / (y == 0).sum()


def within_folds(draw):
    """AUC of one repeat and each fold's contribution to the variance."""
    folds = [draw[draw["fold"] == fold] for fold in sorted(set(draw["fold"]))]
    aucs = [roc_auc_score(one["y"], one["p"]) for one in folds]
    variances = [delong(one["y"].to_numpy(), one["p"].to_numpy())[0, 0] for one in folds]
    return np.mean(aucs), np.sum(variances) / len(folds) ** 2


@pytest.mark.parametrize("tier", TIERS)
def test_a_cross_validated_auc_is_the_mean_within_folds(whole, tier):
    keys = {"analysis": CROSS_VALIDATION, "held_out": "a", "tier": tier}
    found = [within_folds(draw) for draw in whole.draws(**keys)]
    row = whole.one(cohort="a", analysis=CROSS_VALIDATION, measure="auc", adjustment=tier,
                    model="logistic")  # fmt: skip
    assert row["estimate"] == pytest.approx(np.mean([auc for auc, _ in found]), abs=1e-12)
    # Three folds: half as many people are tested as trained on.
    variance = 1.5 * np.mean([v for _, v in found])
    assert row["se"] == pytest.approx(np.sqrt(variance), abs=1e-12)
    assert (row["n"], row["n_events"]) == (130, 55)


@pytest.mark.parametrize("model", ["logistic", "elastic_net"])
def test_an_auc_in_another_cohort_is_that_of_all_its_people(whole, model):
    for tier in ("analyte", NEW):
        one = whole.predictions(analysis=VALIDATION, held_out="b", tier=tier, model=model)
        row = whole.one(
            cohort="b", analysis=VALIDATION, measure="auc", adjustment=tier, model=model
        )
        assert row["estimate"] == pytest.approx(roc_auc_score(one["y"], one["p"]), abs=1e-12)
        se = np.sqrt(delong(one["y"].to_numpy(), one["p"].to_numpy())[0, 0])
        assert row["se"] == pytest.approx(se, abs=1e-12)
        assert row["ci_low"] == pytest.approx(row["estimate"] - 1.959963984540054 * se)


def test_the_difference_is_that_of_the_two_aucs_in_the_same_people(whole):
    for analysis in (CROSS_VALIDATION, VALIDATION):
        row = whole.one(cohort="a", analysis=analysis, measure="delta_auc", adjustment=NEW,
                        model="logistic", term="over base")  # fmt: skip
        aucs = [whole.one(cohort="a", analysis=analysis, measure="auc", adjustment=tier,
                          model="logistic")["estimate"] for tier in (NEW, OLD)]  # fmt: skip
        assert row["estimate"] == pytest.approx(aucs[0] - aucs[1], abs=1e-12)
    new, old = (whole.predictions(analysis=VALIDATION, held_out="a", tier=t) for t in (NEW, OLD))
    assert (new["participant"].to_numpy() == old["participant"].to_numpy()).all()
    cov = delong(new["y"].to_numpy(), new["p"].to_numpy(), old["p"].to_numpy())
    se = np.sqrt(cov[0, 0] + cov[1, 1] - 2 * cov[0, 1])
    assert row["se"] == pytest.approx(se, abs=1e-12)
    assert row["p"] == pytest.approx(2 * ndtr(-abs(row["estimate"] / se)))


@pytest.fixture
def unit(whole):
    """The predictions of cohort a from the others, to be changed."""
    data = whole.data("depression")
    found = validate(data, "a", whole.study)
    return Unit(Rows(replace(SOURCE, cohort="a")), data.task, found, whole.study)


def again(unit, **p):
    """Rows of the unit with other predictions of a tier of the logistic model."""
    changed = unit.found.p | {("logistic", tier): value for tier, value in p.items()}
    one = replace(unit, rows=Rows(unit.rows.source), found=replace(unit.found, p=changed))
    add_discrimination(one)
    return results.select(one.rows.table(), model="logistic").set_index(
        ["measure", "adjustment", "term"]
    )


def test_a_score_that_points_the_other_way_is_not_turned(unit):
    p = unit.found.p["logistic", NEW]
    straight, turned = again(unit), again(unit, base_analyte=1 - p)
    key = ("auc", NEW, "")
    assert straight.loc[key, "estimate"] > 0.6
    assert turned.loc[key, "estimate"] == pytest.approx(1 - straight.loc[key, "estimate"])
    assert turned.loc[("delta_auc", NEW, "over base"), "estimate"] < 0


def test_equal_predictions_give_reasons_and_not_numbers(unit):
    n = len(unit.y)
    found = again(unit, base=np.full((1, n), 0.4), base_analyte=np.full((1, n), 0.4))
    for measure, tier, term, why in (
        ("auc", OLD, "", "ranked alike \\(AUC = 0.5\\)"),
        ("delta_auc", NEW, "over base", "no variance"),
        ("partial_auc", OLD, "", "bootstrap samples give"),
        ("average_precision", OLD, "", "bootstrap samples give"),
    ):
        row = found.loc[(measure, tier, term)]
        assert row["status"] == "not_estimable"
        assert np.isnan(row["estimate"])
        assert bool(np.char.find(row["reason"], why.replace("\\", "")) >= 0), row["reason"]


def test_a_perfect_model_has_no_interval_and_says_so(unit):
    found = again(unit, base_analyte=unit.y[None, :] * 0.5 + 0.25)
    row = found.loc[("auc", NEW, "")]
    assert row["reason"] == "perfect separation (AUC = 1): the DeLong variance is 0"


def test_the_difference_to_a_model_that_failed_says_why(unit):
    p = {key: value for key, value in unit.found.p.items() if key != ("logistic", OLD)}
    found = replace(unit.found, p=p, failures={("logistic", OLD): "no predictor varies"})
    one = replace(unit, rows=Rows(unit.rows.source), found=found)
    add_discrimination(one)
    row = results.select(one.rows.table(), measure="delta_auc", model="logistic").iloc[0]
    assert (row["status"], row["reason"]) == ("not_estimable", "no predictor varies")


def test_the_partial_area_is_that_of_scikit_learn(whole):
    one = whole.predictions(analysis=VALIDATION, held_out="c", tier=NEW)
    row = whole.one(cohort="c", analysis=VALIDATION, measure="partial_auc", adjustment=NEW)
    # scikit-learn too rescales as McClish does.
    assert row["estimate"] == pytest.approx(roc_auc_score(one["y"], one["p"], max_fpr=0.1))
    assert 0 < row["se"] < 0.2
    assert "200 bootstrap samples" in row["method"]


def test_average_precision_is_that_of_scikit_learn_on_the_first_draw(whole):
    draw = whole.draws(analysis=CROSS_VALIDATION, held_out="c", tier=NEW)[0]
    row = whole.one(
        cohort="c", analysis=CROSS_VALIDATION, measure="average_precision", adjustment=NEW
    )
    assert row["estimate"] == pytest.approx(average_precision_score(draw["y"], draw["p"]))


def test_the_roc_curve_is_read_at_the_grid(whole):
    one = whole.predictions(analysis=VALIDATION, held_out="a", tier=NEW)
    curve = whole.of(cohort="a", analysis="roc_curve", adjustment=NEW, stratum=VALIDATION)
    assert curve["term"].tolist() == [f"{x:.2f}" for x in np.linspace(0, 1, 21)]
    assert curve["estimate"].is_monotonic_increasing
    assert curve["estimate"].iloc[-1] == 1
    rate, sensitivity, _ = roc_curve(one["y"], one["p"], drop_intermediate=False)
    for x, found in zip(np.linspace(0, 1, 21), curve["estimate"], strict=True):
        corners = sensitivity[np.isclose(rate, x, rtol=0, atol=1e-12)]
        expected = corners.max() if corners.size else np.interp(x, rate, sensitivity)
        assert found == pytest.approx(expected, abs=1e-12)


def harrell(time, event, p):
    """Share of usable pairs in the right order, by a loop."""
    won = usable = 0.0
    for i in np.flatnonzero(event):
        later = (time > time[i]) | ((time == time[i]) & ~event)
        usable += later.sum()
        won += (p[i] > p[later]).sum() + 0.5 * (p[i] == p[later]).sum()
    return won / usable


def parts(draw, analysis):
    """The folds of a draw; the whole of it where a cohort was left out."""
    if analysis == VALIDATION:
        return [draw]
    return [draw[draw["fold"] == fold] for fold in sorted(set(draw["fold"]))]


def test_c_of_an_event_to_come_is_that_of_all_pairs_of_a_fold(whole):
    keys = {"task": "incident_depression", "model": "cox", "tier": "analyte"}
    for analysis in (CROSS_VALIDATION, VALIDATION):
        found = [
            harrell(*(draw[name].to_numpy(kind) for name, kind in
                      (("time", float), ("y", bool), ("p", float))))
            for whole_draw in whole.draws(analysis=analysis, held_out="a", **keys)
            for draw in parts(whole_draw, analysis)
        ]  # fmt: skip
        row = whole.one(cohort="a", analysis=analysis, target="incident_depression",
                        measure="c_index", adjustment="analyte")  # fmt: skip
        assert row["estimate"] == pytest.approx(np.mean(found), abs=1e-12)
        table = whole.tables["a"][whole.tables["a"]["diagnosis"] != "mdd"]  # to come, not there
        assert (row["n"], row["n_events"]) == (120, table["incident_depression"].sum())


def test_m_of_three_classes_is_that_of_hand_and_till(whole):
    keys = {"task": "diagnosis", "model": "multinomial", "tier": "analyte"}
    draws = [
        (
            draw.drop_duplicates("participant")["y"].to_numpy(),
            draw.pivot_table(index="participant", columns="of", values="p", sort=False),
        )
        for whole_draw in whole.draws(analysis=CROSS_VALIDATION, held_out="b", **keys)
        for draw in parts(whole_draw, CROSS_VALIDATION)
    ]  # fmt: skip
    names = ["control", "mdd", "bipolar"]
    found = [roc_auc_score(y, p[names], multi_class="ovo") for y, p in draws]
    row = whole.one(
        cohort="b", analysis=CROSS_VALIDATION, target="diagnosis", measure="hand_till",
        adjustment="analyte",
    )  # fmt: skip
    assert row["estimate"] == pytest.approx(np.mean(found), abs=1e-9)
    assert row["n"] == 175
    assert row["n_events"] is pd.NA
    pairs = whole.of(cohort="b", analysis=CROSS_VALIDATION, target="diagnosis",
                     measure="pair_auc", adjustment="analyte")  # fmt: skip
    assert set(pairs["term"]) == {"control vs mdd", "control vs bipolar", "mdd vs bipolar"}
    assert pairs["estimate"].mean() == pytest.approx(row["estimate"], abs=1e-9)
    by_hand = [
        np.mean([roc_auc_score(y[y != 0] == k, p[names[k]].to_numpy()[y != 0]) for k in (1, 2)])
        for y, p in draws
    ]
    among = pairs.set_index("term").loc["mdd vs bipolar", "estimate"]
    assert among == pytest.approx(np.mean(by_hand), abs=1e-9)


@pytest.mark.parametrize(("target", "measure"), [
    ("incident_depression", "c_index"), ("diagnosis", "hand_till"),
])  # fmt: skip
def test_what_the_analyte_adds_to_c_and_to_m_is_their_difference(whole, target, measure):
    for cohort in "abc":
        kept = {"cohort": cohort, "analysis": VALIDATION, "target": target}
        new, old = (whole.one(**kept, measure=measure, adjustment=tier) for tier in (NEW, OLD))
        row = whole.one(**kept, measure=f"delta_{measure}", adjustment=NEW, term="over base")
        assert row["estimate"] == pytest.approx(new["estimate"] - old["estimate"], abs=1e-12)
        assert 0 < row["se"] < new["se"] + old["se"]
        assert row["p"] == pytest.approx(2 * ndtr(-abs(row["estimate"] / row["se"])))
    pooled = whole.one(cohort="pooled", analysis=VALIDATION, target=target,
                       measure=f"delta_{measure}", adjustment=NEW, term="over base")  # fmt: skip
    assert pooled["status"] == "ok"


@pytest.mark.parametrize("analysis", [CROSS_VALIDATION, VALIDATION])
def test_the_bootstrap_interval_of_an_auc_is_near_that_of_delong(whole, analysis):
    draw = whole.draws(analysis=analysis, held_out="a", tier=NEW)[0]
    row = whole.one(cohort="a", analysis=analysis, measure="auc_bootstrap", adjustment=NEW)
    y, p = draw["y"].to_numpy(), draw["p"].to_numpy()
    assert row["estimate"] == pytest.approx(roc_auc_score(y, p), abs=1e-12)
    assert row["se"] == pytest.approx(np.sqrt(delong(y, p)[0, 0]), rel=0.25)
    assert row["ci_low"] < row["estimate"] < row["ci_high"]
