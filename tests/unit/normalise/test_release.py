"""What is learned of a cohort so that it may leave the study: nobody's own age stands in it."""

from dataclasses import replace

import numpy as np
import pytest

from builders import make_study, people
from igfmood.normalise.curves.bands import band_of, fit_bands, joined
from igfmood.normalise.participants import standardiser
from igfmood.normalise.standardise import Release, fit_age_sex, people_of

STUDY = make_study("a", normalise={"below_limit": "censored_likelihood"})
RELEASE = Release((20.0, 70.0), 10)


def measured(groups, **columns):
    table = people(groups).assign(**columns)
    return people_of(table, STUDY.analyte, (table["diagnosis"] == "control").to_numpy())


def learner(**changes):
    return replace(standardiser(STUDY, STUDY.cohorts[0]), **changes)


def test_a_fitted_curve_runs_between_the_ages_given_and_scores_nearly_as_before():
    them = measured({"control": 400})
    plain, released = (learner(release=r).fit(them) for r in (None, RELEASE))
    spline = released.curve.men.log_mu.spline
    assert (spline.youngest, spline.oldest) == (20.0, 70.0)
    assert plain.curve.men.log_mu.spline.youngest not in (20.0, 70.0)
    assert np.abs(plain.transform(them) - released.transform(them)).max() < 0.05


def test_people_of_one_age_have_their_own_constant_curve():
    found = learner(release=RELEASE).fit(measured({"control": 200}, age_years=40.0))
    assert found.curve.men.log_mu.spline.youngest == 40.0


def test_design_of_age_and_sex_has_whole_years_and_the_ages_given():
    found = fit_age_sex(measured({"control": 80})).coarse((20.0, 70.0))
    assert found.limits == (20.0, 70.0)
    assert (found.knots == np.round(found.knots)).all()
    assert found.mean_age == round(found.mean_age)


def test_knots_that_would_coincide_give_way_to_a_line():
    narrow = fit_age_sex(measured({"control": 80}, age_years=np.linspace(40, 41, 80)))
    assert len(narrow.knots) == 4
    assert len(narrow.coarse((40.0, 45.0)).knots) == 0


def test_small_batches_are_not_learned():
    batch = np.repeat(["x", "y", "z"], [100, 88, 12])
    them = measured({"control": 200}, igf1_batch=batch)
    assert learner(release=RELEASE).fit(them).batch.batches == ("x", "y", "z")
    assert learner(release=Release((20.0, 70.0), 13)).fit(them).batch.batches == ("x", "y")


@pytest.mark.parametrize("fewest", [1, 10, 25, 1000])
def test_small_bands_are_joined_to_their_neighbours(fewest):
    rng = np.random.default_rng(1)
    age = np.sort(np.where(rng.random(70) < 0.4, 30.0, rng.uniform(20, 70, 70)))
    band = joined(band_of(age), fewest)
    assert (np.diff(band) >= 0).all()
    assert set(np.diff(band)) <= {0, 1}
    assert len(set(band)) == 1 or np.bincount(band).min() >= fewest
    assert (len(set(band)) == 1) == (fewest == 1000)
    curve = fit_bands(
        rng.normal(5, 0.3, 70), age, np.ones(70), by_sex=True, reason="", min_of_band=fewest
    )
    assert len(curve.women.age) == len(set(band))
