"""Reference curves: SDS that mean the same at every age, for both sexes, in every assay."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import make_cohort, make_study, people
from igfmood.errors import NotEstimable
from igfmood.normalise.participants import add_sds, reference_people
from igfmood.normalise.reference import fit_reference


def expected(age, female):
    """Mean log IGF-1 of the invented people: falls faster when young, shifted by sex."""
    return 5.2 - 0.02 * (age - 40) + 0.0002 * (age - 40) ** 2 - 0.1 * female


def healthy(n, seed, sigma=0.3, by_sex=0.0):
    rng = np.random.default_rng(seed)
    age = rng.uniform(18, 80, n)
    female = (rng.random(n) < 0.5).astype(float)
    value = np.exp(expected(age, female) + by_sex * female * age + rng.normal(0, sigma, n))
    return value, age, female


def fit(people, log=True, smallest=30):
    return fit_reference(*people, log=log, min_people=smallest)


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.integers(40, 600), st.booleans())
def test_reference_people_have_mean_0_and_sd_1(seed, n, log):
    reference = healthy(n, seed)
    curve = fit(reference, log)
    scores = curve.sds(*reference)
    assert scores.mean() == pytest.approx(0, abs=1e-9)
    # The residual SD counts the coefficients, the plain SD does not.
    p = np.linalg.matrix_rank(np.column_stack([np.ones(n), reference[1], reference[2]])) + 12
    assert np.sqrt((n - p) / n) < scores.std() < 1
    assert curve.n == n


def test_a_known_curve_is_recovered_at_every_age_and_for_both_sexes():
    curve = fit(healthy(20_000, 1))
    age = np.linspace(20, 78, 30)
    for female in (0.0, 1.0):
        assert curve.mu(age, np.full(30, female)) == pytest.approx(expected(age, female), abs=0.02)
    assert curve.sigma == pytest.approx(0.3, abs=0.005)
    assert len(curve.knots) == 5


def test_sexes_get_curves_of_their_own_where_each_has_enough_people():
    reference = healthy(4000, 2, by_sex=-0.004)
    assert fit(reference).by_sex
    age = np.array([25.0, 70.0])
    ones = np.ones(2)
    gap = fit(reference).mu(age, ones) - fit(reference).mu(age, 0 * ones)
    assert gap == pytest.approx(-0.1 - 0.004 * age, abs=0.04)
    few_women = [part[: 50 - 35] for part in healthy(4000, 3)]
    assert not fit(few_women, smallest=10).by_sex


@given(st.floats(0.01, 100), st.integers(0, 1000))
def test_an_assay_that_reads_differently_by_a_factor_gives_the_same_sds(scale, seed):
    value, age, female = healthy(120, seed)
    there = fit((value, age, female)).sds(value, age, female)
    here = fit((scale * value, age, female)).sds(scale * value, age, female)
    assert here == pytest.approx(there, abs=1e-8)


def test_a_curve_of_one_assay_misreads_another_of_1_35_times():
    value, age, female = healthy(3000, 4)
    shifted = fit((value, age, female)).sds(1.35 * value, age, female)
    assert shifted.mean() == pytest.approx(np.log(1.35) / 0.3, abs=0.05)


def test_ages_outside_the_reference_people_are_taken_to_the_nearest_one():
    value, age, female = healthy(300, 5)
    curve = fit((value, age, female))
    at = np.array([5.0, age.min(), age.max(), 104.0])
    found = curve.mu(at, np.ones(4))
    assert found[0] == found[1]
    assert found[2] == found[3]
    assert found[1] != found[2]


def test_too_few_or_identical_reference_people_give_no_curve():
    value, age, female = healthy(40, 6)
    value[:12] = np.nan
    with pytest.raises(NotEstimable, match="28 < 30"):
        fit((value, age, female))
    with pytest.raises(NotEstimable, match="do not differ"):
        fit((np.full(40, 123.4), age, female))


def test_people_with_a_missing_input_have_no_sds_and_change_no_other():
    reference = healthy(200, 7)
    curve = fit(reference)
    value, age, female = (part.copy() for part in reference)
    value[0], age[1], female[2] = np.nan, np.nan, np.nan
    scores = curve.sds(value, age, female)
    assert np.isnan(scores[:3]).all()
    assert scores[3:] == pytest.approx(curve.sds(*reference)[3:], rel=1e-12)
    gappy = fit((value, age, female))
    without = fit([part[3:] for part in reference])
    assert gappy.n == 197
    assert gappy.beta == pytest.approx(without.beta)


def test_reference_people_of_one_sex_are_enough_for_that_sex():
    value, age, _ = healthy(100, 8)
    curve = fit((value, age, np.ones(100)))
    assert curve.sds(value, age, np.ones(100)).mean() == pytest.approx(0, abs=1e-9)


def test_the_curve_of_a_cohort_comes_from_its_controls_at_the_first_visit():
    study = make_study()
    table = people({"control": 100, "mdd": 60}, seed=9)
    table.loc[:9, "is_baseline"] = False
    assert reference_people(table, "controls").sum() == 90
    assert reference_people(table, "all").sum() == 150
    scored, curve, failure = add_sds(table, study, make_cohort())
    assert curve.n == 90
    assert failure == ""
    louder = table.assign(igf1_ng_ml=table["igf1_ng_ml"].where(table["diagnosis"] != "mdd", 900))
    again, same, _ = add_sds(louder, study, make_cohort())
    np.testing.assert_array_equal(curve.beta, same.beta)
    controls = table["diagnosis"] == "control"
    np.testing.assert_array_equal(scored["igf1_sds"][controls], again["igf1_sds"][controls])


def test_without_enough_controls_there_is_no_sds_and_a_reason():
    table = people({"control": 20, "mdd": 60})
    scored, curve, failure = add_sds(table, make_study(), make_cohort())
    assert curve is None
    assert failure == "too few reference people with analyte, age and sex: 20 < 30"
    assert scored["igf1_sds"].isna().all()
    assert (scored["igf1_sds_method"] == "").all()
