"""Rows of clinical use are counts of the stored predictions, or follow from them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit, logit
from scipy.stats import binomtest
from statsmodels.duration.survfunc import SurvfuncRight

from builders import SOURCE
from igfmood import results
from igfmood.performance.models.linear_risk import fit_linear_risk
from igfmood.performance.predict import validate
from igfmood.performance.prepare import prepare, resolve
from igfmood.performance.rows.clinical_use import add_clinical_use
from igfmood.performance.rows.unit import Unit
from igfmood.performance.splits import CROSS_VALIDATION, VALIDATION, within_cohort, without_cohort
from igfmood.results import Rows
from unit.performance.rows.worlds import THRESHOLDS

NEW, OLD = "base_analyte", "base"
RULES = ("youden", "sensitivity 0.9", "specificity 0.9", "cost 5")
Z = 1.959963984540054


def worth(y, acts, t):
    """Net benefit by counting: hits less false alarms at the odds of the threshold."""
    return (acts & (y == 1)).sum() / len(y) - (acts & (y == 0)).sum() / len(y) * t / (1 - t)


def of_curve(whole, measure, cohort="a", analysis=VALIDATION, tier=NEW, **keys):
    table = whole.of(cohort=cohort, analysis=analysis, measure=measure, adjustment=tier, **keys)
    assert len(table) == len(THRESHOLDS)
    return table.set_index("term")


@pytest.mark.parametrize("analysis", [CROSS_VALIDATION, VALIDATION])
@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_net_benefit_counts_hits_and_false_alarms(whole, analysis, threshold):
    kept = {"analysis": analysis, "held_out": "a"}
    new, old = (whole.draws(**kept, tier=tier) for tier in (NEW, OLD))
    term = f"at {threshold:g}"
    values = {
        tier: np.mean([worth(d["y"].to_numpy(), (d["p"] >= threshold).to_numpy(), threshold)
                       for d in draws]) for tier, draws in ((NEW, new), (OLD, old))
    }  # fmt: skip
    for tier, value in values.items():
        row = of_curve(whole, "net_benefit", analysis=analysis, tier=tier).loc[term]
        assert row["estimate"] == pytest.approx(value, abs=1e-12)
    y = new[0]["y"].to_numpy()
    everybody = worth(y, np.ones(len(y), dtype=bool), threshold)
    row = of_curve(whole, "net_benefit", analysis=analysis, tier="treat_all").loc[term]
    assert row["estimate"] == pytest.approx(everybody, abs=1e-12)
    assert "logistic" not in row["method"]
    row = of_curve(whole, "interventions_avoided", analysis=analysis).loc[term]
    avoided = (values[NEW] - everybody) * (1 - threshold) / threshold
    assert row["estimate"] == pytest.approx(avoided, abs=1e-12)
    row = of_curve(whole, "delta_net_benefit", analysis=analysis).loc[term]
    assert row["estimate"] == pytest.approx(values[NEW] - values[OLD], abs=1e-12)


def test_its_error_is_that_of_a_mean_over_people(whole):
    new, old = (whole.predictions(analysis=VALIDATION, held_out="a", tier=t) for t in (NEW, OLD))
    y = new["y"].to_numpy()
    acts = (new["p"].to_numpy() >= 0.35).astype(float) - (old["p"].to_numpy() >= 0.35)
    gains = acts * np.where(y == 1, 1, -0.35 / 0.65)
    row = of_curve(whole, "delta_net_benefit").loc["at 0.35"]
    se = gains.std(ddof=1) / np.sqrt(len(y))
    assert row["se"] == pytest.approx(se, abs=1e-12)
    assert row["ci_low"] == pytest.approx(row["estimate"] - Z * se)


def test_where_both_act_on_the_same_people_there_is_no_interval(whole):
    row = of_curve(whole, "delta_net_benefit").loc["at 0.05"]
    new, old = (whole.predictions(analysis=VALIDATION, held_out="a", tier=t) for t in (NEW, OLD))
    if ((new["p"].to_numpy() >= 0.05) == (old["p"].to_numpy() >= 0.05)).all():
        assert row["estimate"] == 0
        assert np.isnan(row[["se", "ci_low", "ci_high"]].to_numpy(float)).all()
    data = whole.data("depression")
    found = validate(data, "a", whole.study)
    same = replace(found, p=found.p | {("logistic", OLD): found.p["logistic", NEW]})
    unit = Unit(Rows(replace(SOURCE, cohort="a")), data.task, same, whole.study)
    add_clinical_use(unit)
    rows = results.select(unit.rows.table(), measure="delta_net_benefit")
    assert (rows["estimate"] == 0).all()
    assert rows[["se", "ci_low", "ci_high"]].isna().all(axis=None)


def km_risk(time, event, horizon=5):
    curve = SurvfuncRight(time, event)
    return 1 - curve.surv_prob[np.flatnonzero(curve.surv_times <= horizon)[-1]]


def test_net_benefit_of_an_event_to_come_uses_the_risk_of_those_acted_on(whole):
    one = whole.predictions(
        task="incident_depression", model="cox", tier=NEW, analysis=VALIDATION, held_out="b"
    )
    time, event, p = (one[name].to_numpy(float) for name in ("time", "y", "p"))
    judged = 0
    for threshold in THRESHOLDS:
        acts = p >= threshold
        keys = {"cohort": "b", "target": "incident_depression"}
        row = of_curve(whole, "net_benefit", **keys).loc[f"at {threshold:g}"]
        if not (time[acts] >= 5).any():
            assert row["estimate"] == 0 if not acts.any() else row["status"] == "not_estimable"
            continue
        risk = km_risk(time[acts], event[acts])
        expected = acts.mean() * (risk - (1 - risk) * threshold / (1 - threshold))
        assert row["estimate"] == pytest.approx(expected, abs=1e-9)
        risk = km_risk(time, event)
        row = of_curve(whole, "net_benefit", tier="treat_all", **keys).loc[f"at {threshold:g}"]
        assert row["estimate"] == pytest.approx(
            risk - (1 - risk) * threshold / (1 - threshold), abs=1e-9
        )
        judged += 1
    assert judged >= 2


def youden(y, risk):
    """The cut with the largest sensitivity + specificity, of equal ones the highest."""
    cuts = np.unique(risk)[::-1]
    gains = [(risk[y == 1] >= cut).mean() + (risk[y == 0] < cut).mean() for cut in cuts]
    return cuts[int(np.argmax(gains))]


def refit(whole, split, tier=NEW):
    """Risks of training people and of tested people by a model that is fitted here."""
    data = whole.data("depression")
    ready = prepare(data, split, whole.study)
    cohorts = data.cohorts if split.analysis == VALIDATION else [split.cohort]
    X, new, _ = ready.columns(resolve(data, cohorts, tier, whole.study), whole.study)
    model = fit_linear_risk(X, ready.train.y, ready.train.cohort)
    return ready, model.predict(X, ready.train.cohort), model.predict(new, ready.test.cohort)


def test_a_cut_is_chosen_in_the_training_people_and_judged_in_the_others(whole):
    split = without_cohort(whole.data("depression"), "b", 1)[0]
    ready, risk, p = refit(whole, split)
    cut = youden(ready.train.y, risk)
    y = ready.test.y
    counts = {"sensitivity": ((p >= cut) & (y == 1), y == 1),
              "specificity": ((p < cut) & (y == 0), y == 0)}  # fmt: skip
    kept = {"cohort": "b", "analysis": VALIDATION, "adjustment": NEW, "term": "youden"}
    assert whole.one(**kept, measure="threshold")["estimate"] == pytest.approx(cut, abs=1e-12)
    for measure, (hits, among) in counts.items():
        row = whole.one(**kept, measure=measure)
        assert row["estimate"] == pytest.approx(hits.sum() / among.sum(), abs=1e-12)
        exact = binomtest(int(hits.sum()), int(among.sum())).proportion_ci(0.95, "exact")
        assert (row["ci_low"], row["ci_high"]) == pytest.approx((exact.low, exact.high))


def test_within_a_cohort_each_fold_has_its_own_cut(whole):
    data = whole.data("depression")
    hits, cuts = [], []
    for split in within_cohort(data, "c", whole.study):
        if split.draw == 0:
            ready, risk, p = refit(whole, split)
            cut = youden(ready.train.y, risk)
            hits += (p[ready.test.y == 1] >= cut).tolist()
            cuts += [cut] * len(p)
    kept = {"cohort": "c", "analysis": CROSS_VALIDATION, "adjustment": NEW, "term": "youden"}
    assert whole.one(**kept, measure="sensitivity")["estimate"] == pytest.approx(np.mean(hits))
    assert whole.one(**kept, measure="threshold")["estimate"] == pytest.approx(np.mean(cuts))


def test_likelihood_ratios_and_predictive_values_follow_from_the_counts(whole):
    kept = {"cohort": "b", "analysis": VALIDATION, "adjustment": NEW}
    sensitivity, specificity = (
        whole.one(**kept, measure=one, term="youden")["estimate"]
        for one in ("sensitivity", "specificity")
    )
    positive = sensitivity / (1 - specificity)
    negative = (1 - sensitivity) / specificity
    ratio = whole.one(**kept, measure="lr_positive", term="youden")
    assert ratio["estimate"] == pytest.approx(positive)
    assert whole.one(**kept, measure="lr_negative", term="youden")["estimate"] == pytest.approx(
        negative
    )
    for prevalence in (0.024, 0.1, 0.4):
        term = f"youden, prevalence {prevalence:g}"
        sick, well = prevalence * sensitivity, (1 - prevalence) * (1 - specificity)
        row = whole.one(**kept, measure="ppv", term=term)
        assert row["estimate"] == pytest.approx(sick / (sick + well))
        # Known prevalence: on the log odds the interval is that of the log likelihood ratio.
        half = (np.log(ratio["ci_high"]) - np.log(ratio["ci_low"])) / 2
        assert row["ci_low"] == pytest.approx(expit(logit(row["estimate"]) - half))
        well, sick = (1 - prevalence) * specificity, prevalence * (1 - sensitivity)
        row = whole.one(**kept, measure="npv", term=term)
        assert row["estimate"] == pytest.approx(well / (sick + well))


def test_a_cut_chosen_in_the_same_people_looks_better_than_it_is(whole):
    draw = whole.draws(analysis=VALIDATION, held_out="a", tier=NEW)[0]
    y, p = draw["y"].to_numpy(), draw["p"].to_numpy()
    found = whole.of(cohort="a", analysis=VALIDATION, measure="cut_gain", adjustment=NEW)
    found = found.set_index("term")["estimate"]
    cut = youden(y, p)
    gain = (p[y == 1] >= cut).mean() + (p[y == 0] < cut).mean() - 1
    assert found["youden: apparent"] == pytest.approx(gain)
    assert found["youden: in bag"] > found["youden: out of bag"]
    assert set(found.index) == {f"{rule}: {term}" for rule in RULES
                                for term in ("apparent", "in bag", "out of bag")}  # fmt: skip


def test_a_cut_chosen_again_has_a_spread_and_shares_in_who_was_not_drawn(whole):
    kept = {"cohort": "a", "analysis": VALIDATION, "adjustment": NEW}
    draw = whole.draws(analysis=VALIDATION, held_out="a", tier=NEW)[0]
    y, p = draw["y"].to_numpy(), draw["p"].to_numpy()
    cut = whole.one(**kept, measure="threshold", term="youden: bootstrap")
    assert 0 < cut["ci_low"] < cut["estimate"] < cut["ci_high"] < 1
    assert "200 of 200 bootstrap samples" in cut["method"]
    shares = [
        whole.one(**kept, measure=measure, term="youden: out of bag")["estimate"]
        for measure in ("sensitivity", "specificity")
    ]
    gain = whole.one(**kept, measure="cut_gain", term="youden: out of bag")["estimate"]
    assert sum(shares) - 1 == pytest.approx(gain)
    # By a bootstrap of its own.
    rng, own = np.random.default_rng(5), []
    for _ in range(200):
        rows = np.concatenate([rng.choice(np.flatnonzero(y == k), (y == k).sum()) for k in (0, 1)])
        left = np.setdiff1d(np.arange(len(y)), rows)
        at = youden(y[rows], p[rows])
        own.append([(p[left][y[left] == 1] >= at).mean(), (p[left][y[left] == 0] < at).mean()])
    assert shares == pytest.approx(list(np.mean(own, axis=0)), abs=0.04)


@pytest.mark.parametrize("analysis", [CROSS_VALIDATION, VALIDATION])
@pytest.mark.parametrize("tier", [NEW, OLD])
def test_the_smallest_cell_is_that_of_all_draws(whole, analysis, tier):
    draws = whole.draws(analysis=analysis, held_out="b", tier=tier)
    table = of_curve(whole, "smallest_cell", "b", analysis, tier)
    for threshold in THRESHOLDS:
        cells = pd.concat([
            (one["p"] >= threshold).groupby(one["y"]).value_counts() for one in draws
        ])  # fmt: skip
        assert table.loc[f"at {threshold:g}", "estimate"] == cells.min() > 0


def test_events_to_come_have_no_cells(whole):
    assert whole.of(target="incident_depression", measure="smallest_cell").empty


def test_a_rule_that_finds_no_cut_says_so(whole):
    data = whole.data("depression")
    found = validate(data, "a", whole.study)
    none = {place: np.full_like(cut, np.nan) for place, cut in found.cuts.items()}
    flat = found.p | {("logistic", NEW): np.full_like(found.p["logistic", NEW], 0.4)}
    unit = Unit(Rows(SOURCE), data.task, replace(found, cuts=none, p=flat), whole.study)
    add_clinical_use(unit)
    rows = results.select(
        unit.rows.table(), adjustment=NEW, measure=[
            "threshold", "sensitivity", "specificity", "lr_positive", "lr_negative", "ppv", "npv",
            "cut_gain",
        ],
    )  # fmt: skip
    # The same rows as where there are cuts.
    keys = ["measure", "term"]
    usual = whole.of(cohort="a", analysis=VALIDATION, adjustment=NEW, model="logistic")
    usual = usual[usual["measure"].isin(rows["measure"])]
    assert len(rows) == 4 * (5 + 2 * 3 + 6)
    assert set(rows[keys].itertuples(index=False)) == set(usual[keys].itertuples(index=False))
    assert (rows["status"] == "not_estimable").all()
    own = ~rows["term"].str.contains(": ")
    assert rows.loc[own, "reason"].str.contains("in some training part").all()
    assert rows.loc[~own, "reason"].str.contains("would be positive").all()
