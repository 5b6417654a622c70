"""One object learns limits, batches and curve from training people, and scores anybody."""

import numpy as np
import pandas as pd
import pytest

from builders import make_study, people
from igfmood.config.measurement import Normalise
from igfmood.normalise.standardise import COLUMNS, Standardiser, fit_age_sex, people_of

ANALYTE = make_study().analyte
SETTINGS = Normalise()


def everyone(n=400, seed=1, **changes):
    """People of a cohort with controls and cases; `changes` replace columns."""
    table = people({"control": n // 2, "mdd": n // 2}, effects={"mdd": -0.5}, seed=seed)
    control = (table["diagnosis"] == "control").to_numpy()
    return people_of(table, ANALYTE, control).assign(**changes), table["igf1_sds"].to_numpy()


def censored(found, limit):
    """The same people with values below the limit unknown but for that."""
    below = (found["value"] < limit).to_numpy()
    return found.assign(value=found["value"].mask(below), below=below, lod=limit)


def standardiser(**settings):
    return Standardiser(SETTINGS.model_copy(update=settings), min_people=30)


def test_people_of_a_table_are_what_a_standardiser_needs():
    found, _ = everyone()
    assert tuple(found.columns) == COLUMNS
    assert not found["below"].any()
    assert set(found["female"]) == {0.0, 1.0}


def test_scores_are_those_that_the_data_were_made_from():
    found, truth = everyone(2000)
    scores = standardiser().fit(found).transform(found)
    assert np.corrcoef(scores, truth)[0, 1] > 0.99
    assert np.abs(scores - truth).mean() < 0.1


def test_nothing_about_people_who_are_scored_is_learned():
    found, _ = everyone()
    other, _ = everyone(seed=2)
    learned = standardiser().fit(found)
    alone = learned.transform(other.iloc[:1])
    together = learned.transform(other)
    assert alone[0] == together[0]
    changed = other.assign(group="other", reference=False)
    np.testing.assert_array_equal(learned.transform(changed), together)


def test_a_batch_is_corrected_and_the_diagnosis_is_not():
    found, truth = everyone(3000)
    rng = np.random.default_rng(3)
    mdd = (found["group"] == "mdd").to_numpy()
    # Cases are more often on the second plate, whose level is a third higher.
    second = rng.random(len(found)) < np.where(mdd, 0.7, 0.3)
    shifted = found.assign(
        batch=np.where(second, "P2", "P1"), value=found["value"] * np.where(second, 1.35, 1.0)
    )
    difference = {}
    for batch in ("none", "location_scale"):
        scores = standardiser(batch=batch).fit(shifted).transform(shifted)
        difference[batch] = scores[mdd].mean() - scores[~mdd].mean()
    true = truth[mdd].mean() - truth[~mdd].mean()
    assert difference["location_scale"] == pytest.approx(true, abs=0.06)
    assert difference["none"] > true + 0.25


def test_a_batch_never_seen_is_left_as_it_is():
    found, _ = everyone()
    plates = np.where(np.arange(len(found)) % 2 == 0, "P1", "P2")
    learned = standardiser().fit(found.assign(batch=plates))
    unseen = found.assign(batch="P9")
    np.testing.assert_array_equal(learned.harmonised(unseen), unseen["value"])


def test_batches_that_are_the_groups_are_not_corrected_and_the_reason_is_kept():
    found, _ = everyone()
    learned = standardiser().fit(found.assign(batch=np.where(found["group"] == "mdd", "1", "2")))
    assert learned.batch is None
    assert learned.batch_note


def test_the_limit_over_root_two_stands_for_values_below_it():
    found, _ = everyone()
    low = censored(found, 130.0)
    filled = standardiser().fit(low).filled(low)
    assert filled[low["below"]] == pytest.approx(130 / np.sqrt(2))
    assert (filled[~low["below"]] == low["value"][~low["below"]]).all()


def test_a_censored_likelihood_knows_age_and_is_nearer_to_the_truth():
    found, _ = everyone(2000)
    low = censored(found, 130.0)
    below = low["below"].to_numpy()
    true = np.log(found["value"].to_numpy()[below])
    errors = {}
    for method in ("lod_sqrt2", "censored_likelihood"):
        filled = standardiser(below_limit=method).fit(low).filled(low)[below]
        assert (filled <= 130.0).all()
        errors[method] = abs((np.log(filled) - true).mean())
    assert errors["censored_likelihood"] < 0.02
    assert errors["lod_sqrt2"] > 2 * errors["censored_likelihood"]


def test_a_limit_that_cannot_be_modelled_falls_back_and_says_so():
    found, _ = everyone(60)
    low = censored(found, float(found["value"].quantile(0.95)))
    learned = standardiser(below_limit="censored_likelihood").fit(low)
    assert learned.censored is None
    assert "too few values above the detection limit" in learned.censored_note


def test_too_few_reference_people_give_no_curve_and_no_score():
    found, _ = everyone(50)
    learned = standardiser().fit(found)
    assert learned.curve_failure.endswith("25 < 30")
    assert np.isnan(learned.transform(found)).all()


def test_unknown_age_or_sex_has_no_score_and_loses_nobody_else():
    found, _ = everyone()
    gaps = found.assign(age=found["age"].mask(found.index < 3))
    scores = standardiser().fit(gaps).transform(gaps)
    assert np.isnan(scores).tolist() == [True] * 3 + [False] * (len(found) - 3)


@pytest.mark.parametrize("ages", [np.full(80, 40.0), np.repeat([30.0, 50.0], 40)])
def test_ages_that_carry_no_spline_are_a_straight_line(ages):
    found = pd.DataFrame({"age": ages, "female": 0.0, "group": "control"})
    assert fit_age_sex(found).design(found).shape == (80, 3)
