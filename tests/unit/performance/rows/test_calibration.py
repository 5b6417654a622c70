"""Rows of calibration are the measures of the stored predictions."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.special import logit
from statsmodels.duration.hazard_regression import PHReg
from statsmodels.duration.survfunc import SurvfuncRight
from statsmodels.nonparametric.smoothers_lowess import lowess

from igfmood.performance.splits import CROSS_VALIDATION, VALIDATION
from unit.performance.rows.worlds import TIERS

NEW = "base_analyte"


def arrays(draw):
    return draw["y"].to_numpy(float), draw["p"].to_numpy()


def brier(y, p):
    loss = (y - p) ** 2
    return loss.mean(), loss.std(ddof=1) / np.sqrt(len(y))


def log_oe(y, p):
    return np.log(y.sum() / p.sum()), np.sqrt((1 - y.mean()) / y.sum())


def intercept(y, p):
    fit = sm.GLM(y, np.ones((len(y), 1)), sm.families.Binomial(), offset=logit(p)).fit()
    return fit.params[0], fit.bse[0]


def slope(y, p):
    fit = sm.GLM(y, sm.add_constant(logit(p)), sm.families.Binomial()).fit()
    return fit.params[1], fit.bse[1]


MEASURES = {"brier": brier, "log_oe": log_oe, "calibration_intercept": intercept,
            "calibration_slope": slope}  # fmt: skip


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize(("analysis", "tier"), [(CROSS_VALIDATION, NEW), (VALIDATION, "analyte")])
def test_each_is_the_mean_over_repeats_with_their_mean_variance(whole, measure, analysis, tier):
    draws = whole.draws(analysis=analysis, held_out="a", tier=tier)
    assert len(draws) == (2 if analysis == CROSS_VALIDATION else 1)
    found = np.array([MEASURES[measure](*arrays(draw)) for draw in draws])
    row = whole.one(
        cohort="a", analysis=analysis, measure=measure, adjustment=tier, model="logistic"
    )
    assert row["estimate"] == pytest.approx(found[:, 0].mean(), rel=1e-6)
    assert row["se"] == pytest.approx(np.sqrt((found[:, 1] ** 2).mean()), rel=1e-5)
    assert row["ci_high"] - row["estimate"] == pytest.approx(1.959963984540054 * row["se"])


def test_the_scaled_brier_score_is_what_the_share_of_cases_does_not_say(whole):
    for model in ("logistic", "elastic_net"):
        y, p = arrays(whole.predictions(
            analysis=VALIDATION, held_out="b", tier="analyte", model=model))  # fmt: skip
        row = whole.one(cohort="b", analysis=VALIDATION, measure="scaled_brier",
                        adjustment="analyte", model=model)  # fmt: skip
        worth = 1 - ((y - p) ** 2).mean() / ((y - y.mean()) ** 2).mean()
        assert row["estimate"] == pytest.approx(worth)


def test_every_model_has_every_measure(whole):
    for analysis in (CROSS_VALIDATION, VALIDATION):
        table = whole.of(cohort="a", analysis=analysis, measure=[*MEASURES, "scaled_brier"])
        counts = table.groupby("measure").size()
        assert set(counts) == {2 * len(TIERS)}
        assert len(counts) == 5


def test_distances_are_those_from_a_smooth_curve_of_the_first_draw(whole):
    y, p = arrays(whole.draws(analysis=CROSS_VALIDATION, held_out="c", tier=NEW)[0])
    curve = lowess(y, p, frac=2 / 3, it=0, delta=0.01 * np.ptp(p), return_sorted=False)
    distance = np.abs(curve - p)
    for measure, value in (("ici", distance.mean()), ("e50", np.median(distance)),
                           ("e90", np.quantile(distance, 0.9))):  # fmt: skip
        row = whole.one(cohort="c", analysis=CROSS_VALIDATION, measure=measure, adjustment=NEW)
        assert row["estimate"] == pytest.approx(value, abs=1e-12)
        assert row["ci_low"] < row["ci_high"]


def test_the_curve_is_given_at_centiles_of_the_prediction(whole):
    y, p = arrays(whole.predictions(analysis=VALIDATION, held_out="c", tier=NEW))
    curve = whole.of(cohort="c", analysis="calibration_curve", adjustment=NEW, stratum=VALIDATION)
    table = curve.pivot_table(index="term", columns="measure", values="estimate")
    assert table["predicted"].to_numpy() == pytest.approx(np.percentile(p, np.linspace(5, 95, 10)))
    expected = lowess(y, p, frac=2 / 3, it=0, xvals=table["predicted"].to_numpy())
    assert table["observed"].to_numpy() == pytest.approx(np.clip(expected, 0, 1))


def test_of_an_event_to_come_it_counts_who_is_followed(whole):
    one = whole.predictions(
        task="incident_depression", model="cox", tier="analyte", analysis=VALIDATION, held_out="a"
    )
    time, event, p = one["time"].to_numpy(float), one["y"].to_numpy(), one["p"].to_numpy()
    kept = {"cohort": "a", "analysis": VALIDATION, "target": "incident_depression",
            "adjustment": "analyte"}  # fmt: skip
    curve = SurvfuncRight(time, event)
    last = np.flatnonzero(curve.surv_times <= 5)[-1]
    risk, se = 1 - curve.surv_prob[last], curve.surv_prob_se[last]
    row = whole.one(**kept, measure="log_oe")
    assert row["estimate"] == pytest.approx(np.log(risk / p.mean()), abs=1e-6)
    assert row["se"] == pytest.approx(se / risk, rel=1e-6)
    fit = PHReg(time, np.log(-np.log1p(-p))[:, None], status=event, ties="efron").fit()
    row = whole.one(**kept, measure="calibration_slope")
    assert row["estimate"] == pytest.approx(fit.params[0], rel=1e-4)
    assert row["se"] == pytest.approx(fit.bse[0], rel=1e-4)


def test_classes_are_judged_by_discrimination_alone(whole):
    found = whole.of(cohort="a", analysis=[CROSS_VALIDATION, VALIDATION], target="diagnosis")
    assert set(found["measure"]) == {"hand_till", "pair_auc", "delta_hand_till"}
