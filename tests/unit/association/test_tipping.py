"""Numbers under shifts of the scores that were not measured: by hand, and against known truth."""

from functools import partial

import numpy as np
import pandas as pd
import pytest

from builders import POOLED, SOURCE, cohort_data, make_study, people, result_table
from igfmood import results
from igfmood.association.question import answer
from igfmood.association.questions import all_questions, question_of
from igfmood.association.sample import IMPUTED, Specification
from igfmood.association.tipping import add_shifts
from igfmood.config.claims import ANSWERS, Claim, Estimand
from igfmood.evidence.judge import judge_claim
from igfmood.evidence.tipping import add_tipping
from igfmood.evidence.verdict import Interval, judge_effect
from igfmood.results import Rows
from igfmood.synthesis.pool import IDENTITY, carry_single

STUDY = make_study(imputation={"m": 20, "iterations": 4, "delta": 1.0})
SCORE = "igf1_sds"
MEASURED = ["igf1_value", "igf1_ng_ml", "igf1_harmonised_ng_ml", SCORE]


def estimand(analysis, target, measure, term="", also=""):
    return Estimand(
        analysis=analysis, target=target, measure=measure, adjustment="adjusted", term=term,
        also=also,
    )  # fmt: skip


DIFFERENCE = estimand("contrast", "depression", "smd")
SLOPE = estimand("severity", "phq9_total", "beta")
TEN = estimand("severity", "phq9_10", "log_or")
TAILS = estimand("tails", "depression", "log_or", "low", "high")
COX = estimand("incidence", "depression", "log_hr")
YEARS = estimand("incidence", "depression", "log_or")
STRESS = estimand("stress_buffering", "phq9_total", "beta")
PREDICTIVE = estimand("treatment", "response", "log_or", "predictive")
COGNITION = estimand("cognition", "cognition_score", "beta")
VOLUME = estimand("neuroplasticity", "hippocampal_volume", "beta")
INDIRECT = estimand("neuroplasticity", "phq9_total", "indirect")
ALL = [DIFFERENCE, SLOPE, TEN, TAILS, COX, YEARS, STRESS, PREDICTIVE, COGNITION, VOLUME, INDIRECT]


def world(n=300, seed=3, unmeasured=0.3):
    """People with every outcome, all of them a little related to the score; some not measured."""
    table = people({"control": n, "mdd": n}, effects={"mdd": -0.5}, seed=seed)
    rng = np.random.default_rng(seed + 90)
    score, size = table[SCORE], len(table)
    stress = rng.normal(size=size)
    volume = 7 + 0.15 * score + rng.normal(0, 0.7, size)
    total = 9 - 0.8 * score + 1.2 * stress - 0.5 * score * stress - 0.6 * (volume - 7)
    arm = rng.choice(["drug", "placebo"], size)
    odds = -0.2 + 0.5 * score * (arm == "drug")
    hazard = np.exp(-0.3 * score) / 8
    came = rng.exponential(1 / hazard)
    table = table.assign(
        stress_score=16 + 6 * stress, hippocampal_volume=volume,
        intracranial_volume=1500 + rng.normal(0, 120, size),
        phq9_total=np.round(total + rng.normal(0, 3, size)).clip(0, 27),
        cognition_score=50 + 2 * score + rng.normal(0, 10, size), treatment=arm,
        response=pd.array(rng.random(size) < 1 / (1 + np.exp(-odds)), dtype="boolean"),
        followup_years=np.minimum(came, 6.0),
        incident_depression=pd.array(came < 6, dtype="boolean"),
    )  # fmt: skip
    table.loc[rng.random(size) < unmeasured, MEASURED] = np.nan
    return table


def data_of(table, study=STUDY):
    return cohort_data(table, study, control_arm="placebo")


def rows_of(data, estimands):
    rows = Rows(SOURCE)
    add_shifts(rows, data, estimands)
    return rows.table()


@pytest.fixture(scope="module")
def data():
    return data_of(world())


@pytest.fixture(scope="module")
def table(data):
    return rows_of(data, ALL)


def numbers(table, one, term=None):
    found = results.select(
        table, model=one.analysis, target=one.target, measure=one.measure,
        term=one.term if term is None else term,
    )  # fmt: skip
    return found.set_index(found["stratum"].astype(float)).sort_index()


# ---- by hand ------------------------------------------------------------------------------------


def in_sds(people_, outcome, *given):
    """Residuals of the outcome given the covariates, in SDs, by normal equations."""
    female = (people_["sex"] == "female").to_numpy(float)
    columns = [np.ones(len(people_)), people_["age_years"], female, people_["bmi"], *given]
    design = np.column_stack(columns)
    left = outcome - design @ np.linalg.solve(design.T @ design, design.T @ outcome)
    return left / left.std()


def z(values):
    return (values - values.mean()) / values.std()


DIRECTIONS = {
    "contrast": lambda p: (p["diagnosis"] == "mdd").to_numpy(float),
    "tails": lambda p: (p["diagnosis"] == "mdd").to_numpy(float),
    "severity": lambda p: in_sds(p, p["phq9_total"].to_numpy()),
    "phq9_10": lambda p: (p["phq9_total"] >= 10).to_numpy(float),
    "incidence": lambda p: p["incident_depression"].to_numpy(float),
    "treatment": lambda p: (
        p["response"].to_numpy(bool) & (p["treatment"] == "drug").to_numpy()
    ).astype(float),
    "cognition": lambda p: in_sds(p, p["cognition_score"].to_numpy()),
    "neuroplasticity": lambda p: in_sds(
        p, p["hippocampal_volume"].to_numpy(), p["intracranial_volume"].to_numpy()
    ),
    "stress_buffering": lambda p: (
        z(p["stress_score"].to_numpy())
        * in_sds(p, p["phq9_total"].to_numpy(), p["stress_score"].to_numpy())
    ),
}


def direct(data, one, delta, term=None):
    """The number when the scores are moved in the tables themselves, and all count as measured."""
    from dataclasses import replace

    direction = DIRECTIONS.get(one.target) or DIRECTIONS[one.analysis]
    filled = data.completed.filled[SCORE]
    moved = tuple(
        whole.assign(**{SCORE: whole[SCORE] + delta * filled * direction(whole)})
        for whole in data.completed.tables
    )
    key = (one.measure, one.term if term is None else term)
    question = question_of(data.study, one.analysis, one.target, *key)
    observed = tuple(name for name in question.observed if name != SCORE)
    question = replace(question, observed=observed, used=(*question.used, SCORE))
    shifted = replace(data, completed=replace(data.completed, tables=moved))
    return answer(question, Specification("adjusted", missing=IMPUTED), shifted)[key]


@pytest.mark.parametrize("one", ALL, ids=lambda one: f"{one.analysis} {one.measure}")
def test_every_number_is_that_of_tables_in_which_the_scores_were_moved(data, table, one):
    for term in one.terms:
        found = numbers(table, one, term)
        for delta in (-1.0, 0.5):
            expected = direct(data, one, delta, term)
            row = found.loc[delta]
            assert row["status"] == "ok"
            for name in ("estimate", "se"):
                assert row[name] == pytest.approx(expected[name], rel=1e-6, abs=1e-9)
            ill_before = data.people["incident_depression"].isna().sum()
            at_risk = len(data.people) - (ill_before if one.analysis == "incidence" else 0)
            assert row["n"] == expected["n"] == at_risk


def test_shifts_are_equally_spaced_and_fewer_where_they_cost_much(table):
    assert numbers(table, SLOPE).index.tolist() == np.linspace(-1, 1, 9).tolist()
    assert numbers(table, INDIRECT).index.tolist() == np.linspace(-1, 1, 5).tolist()
    assert len(table) == 9 * 11 + 5
    assert set(table["status"]) == {"ok"}


def test_what_a_shift_is_stands_in_front_of_the_method(table):
    for one, words in (
        (DIFFERENCE, "SD: imputed scores of cases are shifted by as much; OLS"),
        (PREDICTIVE, "SD: imputed scores of responders on a drug are shifted by as much; "),
        (SLOPE, "SD per SD of the PHQ-9: imputed scores are shifted by as much for each SD of"),
    ):
        assert numbers(table, one)["method"].str.startswith(words).all()


def test_every_number_that_claims_may_ask_for_has_a_shift_or_a_reason():
    """What is not shifted: concentrations, spreads, visits, and what no table of people gives."""
    none = set()
    for analysis, targets in ANSWERS.items():
        for target, keys in targets:
            target = "depression" if target == "<task>" else target
            for key in keys:
                question = question_of(STUDY, analysis, target, *key)
                if question is None or key not in question.shifts:
                    none.add((analysis, *key))
    assert none == {
        ("contrast", "log_rom", ""), ("contrast", "log_vr", ""), ("validation", "auc", ""),
        ("cognition", "beta", "decline"), ("cognition", "beta", "level_over_visits"),
        ("within_person", "beta", ""), ("within_person", "beta", "between"),
        ("mendelian", "beta", ""),
    }  # fmt: skip
    for question in all_questions(STUDY):
        assert set(question.shifts) <= set(question.keys)


# ---- in a world whose unmeasured differ by a known amount ---------------------------------------


@pytest.mark.parametrize(
    ("one", "tolerance"), [(DIFFERENCE, 0.05), (SLOPE, 0.2), (TEN, 0.08), (COGNITION, 0.03)],
    ids=lambda one: getattr(one, "measure", ""),
)  # fmt: skip
def test_the_right_shift_gives_back_what_all_would_have_shown(one, tolerance):
    """Scores of the unmeasured lie 0.8 along the outcome: unshifted imputation does not know."""
    whole = world(n=1500, seed=8, unmeasured=0.0)
    direction = (DIRECTIONS.get(one.target) or DIRECTIONS[one.analysis])(whole)
    hidden = np.random.default_rng(5).random(len(whole)) < 0.4
    whole[SCORE] = whole[SCORE] + 0.8 * hidden * direction
    study = make_study(imputation={"m": 20, "iterations": 4, "delta": 0.8})
    truth = answer(
        question_of(study, one.analysis, one.target, one.measure, ""),
        Specification("adjusted", missing=IMPUTED), data_of(whole, study),
    )[one.measure, ""]["estimate"]  # fmt: skip
    seen = whole.copy()
    seen.loc[hidden, MEASURED] = np.nan
    found = numbers(rows_of(data_of(seen, study), [one]), one)["estimate"]
    assert found[0.8] == pytest.approx(truth, abs=tolerance)
    assert abs(found[0.0] - truth) > 3 * tolerance


# ---- the tipping point --------------------------------------------------------------------------


def verdict_by_hand(data, one, claim, delta):
    found = direct(data, one, delta)
    half = found["se"] * 1.645 if found["df"] is None else None
    if half is None:
        from scipy.stats import t

        half = found["se"] * t.ppf(0.95, found["df"])
    ends = Interval(found["ci_low"], found["ci_high"], found["estimate"] - half,
                    found["estimate"] + half)  # fmt: skip
    return judge_effect(ends, claim.direction, claim.margin).verdict


@pytest.mark.parametrize(
    ("one", "direction", "margin"),
    [(DIFFERENCE, "lower", 0.2), (SLOPE, "lower", 0.5), (TEN, "lower", 0.2),
     (COX, "lower", 0.1), (COGNITION, "higher", 0.05), (PREDICTIVE, "higher", 0.05)],
    ids=lambda one: getattr(one, "measure", None),
)  # fmt: skip
def test_the_tipping_point_is_that_of_a_direct_search(one, direction, margin):
    data = data_of(world(n=200, seed=21, unmeasured=0.4))
    claim = Claim(
        id="one", statement="Something that is claimed.", category="response", estimand=one,
        direction=direction, margin=margin, min_cohorts=1,
    )  # fmt: skip
    shifts = rows_of(data, [one])
    # The number of the claim itself: with all gaps filled, so that the shift alone changes it.
    still = numbers(shifts, one).loc[0.0]
    number = {**still.to_dict(), "analysis": one.analysis, "model": "m", "stratum": "all"}
    names = ("analysis", "target", "model", "exposure", "adjustment", "stratum", "term", "measure",
             "estimate", "se", "ci_low", "ci_high", "p", "df", "n")  # fmt: skip
    kept = {name: None if pd.isna(number[name]) else number[name] for name in names}
    own = result_table({**kept, "cohort": "clinic"}, source=SOURCE)
    pooled = Rows(POOLED)
    carry_single(pooled, own, lambda analysis, measure: IDENTITY)
    everything = results.concatenate([shifts, own, pooled.table()])
    judged = judge_claim(claim, everything, Rows(POOLED), data.study)
    rows = Rows(POOLED)
    add_tipping(rows, judged, everything[everything["cohort"] != "pooled"], data.study)
    (found,) = rows.table().to_dict("records")

    verdict = partial(verdict_by_hand, data, one, claim)
    assert judged.judgement.verdict == verdict(0.0)
    steps = sorted(np.round(np.arange(-1, 1.001, 0.02), 3), key=lambda x: (abs(x), x))
    turned = next((x for x in steps if verdict(x) != judged.judgement.verdict), None)
    assert turned is not None
    assert found["estimate"] == pytest.approx(turned, abs=0.025)


# ---- who is shifted -----------------------------------------------------------------------------


def moves(table, one):
    found = numbers(rows_of(data_of(table), [one]), one)
    return found["estimate"][1.0] - found["estimate"][-1.0]


def test_only_cases_that_were_not_measured_are_shifted():
    """A third of the cases, moved by 1 SD to each side; controls without a score move nothing."""
    table = people({"control": 100, "mdd": 100}, effects={"mdd": -0.4}, seed=2)
    for controls in (10, 40):
        some = table.copy()
        some.loc[: controls - 1, MEASURED] = np.nan
        some.loc[100:129, MEASURED] = np.nan
        assert moves(some, DIFFERENCE) == pytest.approx(0.6, abs=0.1)


def test_a_score_below_the_limit_is_known_in_part_and_is_not_shifted():
    table = world(unmeasured=0.0)
    low = (table[SCORE] < -1).to_numpy()
    table["igf1_below_lod"] = low
    table["igf1_sds_limit"] = np.where(low, -1.0, np.nan)
    data = data_of(table)
    assert data.completed.filled[SCORE][low].all()
    for row in rows_of(data, [DIFFERENCE, SLOPE]).to_dict("records"):
        assert row["reason"] == "nobody whose score would be shifted lacks it: nothing to shift"


def test_the_completed_tables_themselves_are_not_shifted(data):
    before = [one[SCORE].copy() for one in data.completed.tables]
    rows_of(data, [SLOPE])
    for one, kept in zip(data.completed.tables, before, strict=True):
        pd.testing.assert_series_equal(one[SCORE], kept)


@pytest.mark.parametrize(
    ("change", "one", "reason"),
    [
        ({}, estimand("contrast", "bipolar", "smd"), "too few people with diagnosis bipolar"),
        ({"cognition_score": np.nan}, COGNITION, "cognition_score is not in this cohort"),
        ({"response": None}, PREDICTIVE, "response is not in this cohort"),
    ],
)  # fmt: skip
def test_a_cohort_that_cannot_answer_says_why_in_one_row(change, one, reason):
    (row,) = rows_of(data_of(world().assign(**change)), [one]).to_dict("records")
    assert (row["status"], row["stratum"]) == ("not_estimable", "0")
    assert reason in row["reason"]


def test_without_imputation_nobody_can_be_shifted_and_that_is_said():
    off = data_of(world(), make_study(imputation={"m": 0}))
    (row,) = rows_of(off, [DIFFERENCE]).to_dict("records")
    assert "imputation is switched off" in row["reason"]


def test_two_claims_on_one_number_have_its_shifts_once(data):
    assert len(rows_of(data, [SLOPE, SLOPE])) == 9


def test_a_separated_model_keeps_the_limits_of_its_profile():
    """No case has a high score: Firth's estimate, whose interval does not lie about it evenly."""
    table = world(n=150, seed=4, unmeasured=0.0)
    top = np.quantile(table.loc[table["diagnosis"] == "control", SCORE], 0.8)
    case = table["diagnosis"] == "mdd"
    table.loc[case & (table[SCORE] > top), SCORE] = top - 1
    table.loc[case & (np.arange(len(table)) % 25 == 0), MEASURED] = np.nan
    found = numbers(rows_of(data_of(table), [TAILS]), TAILS, "high")
    still, shifted = found.loc[0.0], found.loc[-0.5]
    assert "Firth" in still["method"]
    assert "limits of no shift, scaled" in shifted["method"]
    share = [
        (row["ci_high"] - row["estimate"]) / (row["estimate"] - row["ci_low"])
        for row in (still, shifted)
    ]
    assert share[0] == pytest.approx(share[1], rel=1e-9)
    assert share[0] != pytest.approx(1, abs=0.05)
