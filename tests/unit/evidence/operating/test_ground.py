"""Scores become the table that a cohort would have had, and nothing else of it changes."""

import numpy as np
import pandas as pd
import pytest

from builders import make_study, people
from igfmood.errors import NotEstimable
from igfmood.evidence.operating.engine import in_other_batches
from igfmood.evidence.operating.ground import ground_of

STUDY = make_study()
MEASURED = ["igf1_ng_ml", "igf1_below_lod", "igf1_lod_ng_ml"]
LEARNED = ["igf1_harmonised_ng_ml", "igf1_sds", "igf1_sds_limit", "igf1_sds_method"]


def cohort(**changes):
    table = people({"control": 200, "mdd": 100}, seed=3)
    table["igf1_batch"] = np.where(np.arange(len(table)) % 2 == 0, "A", "B")
    table.loc[::2, "igf1_ng_ml"] *= 1.3
    table["igf1_lod_ng_ml"] = 90.0
    table["igf1_below_lod"] = table["igf1_ng_ml"] < 90
    table.loc[10:14, "igf1_ng_ml"] = np.nan
    table.loc[10:14, "igf1_below_lod"] = False
    return table.assign(**changes)


@pytest.fixture(scope="module")
def ground():
    return ground_of(cohort(), STUDY, STUDY.cohorts[0])


def test_the_scores_of_the_real_people_give_the_real_table(ground):
    scores = ground.table["igf1_sds"].to_numpy(float)
    found = ground.with_scores(scores)
    above = ground.measured & ~ground.table["igf1_below_lod"].to_numpy(bool)
    for name in ("igf1_ng_ml", "igf1_harmonised_ng_ml", "igf1_sds"):
        there, here = (table[name].to_numpy(float)[above] for table in (ground.table, found))
        assert here == pytest.approx(there, rel=1e-6, abs=1e-6), name


def test_gaps_and_limits_stay_and_all_else_is_as_it_was(ground):
    found = ground.with_scores(np.random.default_rng(1).standard_normal(len(ground.table)))
    assert found["igf1_sds"].isna().to_numpy()[10:15].all()
    assert ((found["igf1_ng_ml"] < 90) | found["igf1_below_lod"]).equals(found["igf1_below_lod"])
    assert found["igf1_below_lod"].sum() > 3
    same = [name for name in found if name not in (*MEASURED, *LEARNED)]
    pd.testing.assert_frame_equal(found[same], ground.table[same])
    assert "igf1_lod_ng_ml" in found


def test_permuted_values_stay_within_batch_sex_and_decade(ground):
    found = ground.permuted(np.random.default_rng(1))
    decade = np.floor(ground.table["age_years"] / 10)
    moved = found["igf1_ng_ml"].to_numpy(float) != ground.table["igf1_ng_ml"].to_numpy(float)
    # Only who is alone in a stratum keeps a value, or has one of those that stand below the limit.
    assert moved[ground.measured].mean() > 0.85
    assert not moved[10:15].any() or found["igf1_ng_ml"].isna()[10:15].all()
    keys = [ground.table["igf1_batch"], ground.table["sex"], decade]
    # What stands below the limit is learned anew; what was measured is dealt out.
    kept = [
        table.loc[~table["igf1_below_lod"], "igf1_ng_ml"].groupby(keys).apply(
            lambda one: tuple(sorted(one.dropna()))
        )
        for table in (ground.table, found)
    ]  # fmt: skip
    assert kept[0].equals(kept[1])


def test_cases_go_into_the_later_batches_and_batches_keep_their_size(ground):
    rng = np.random.default_rng(1)
    scores = rng.standard_normal(len(ground.table))
    found = in_other_batches(ground, scores, rng, 0.1)
    sizes = ground.table["igf1_batch"].value_counts().sort_index()
    assert found["igf1_batch"].value_counts().sort_index().equals(sizes)
    share = found.groupby("igf1_batch")["diagnosis"].apply(lambda one: (one == "mdd").mean())
    assert 1.2 < share["B"] / share["A"] < 3


def test_a_cohort_without_a_curve_has_no_worlds():
    few = cohort().assign(diagnosis="mdd")
    with pytest.raises(NotEstimable, match="too few reference people"):
        ground_of(few, STUDY, STUDY.cohorts[0])


def test_scores_of_one_person_go_together_over_visits():
    first = people({"control": 400}, seed=5)
    later = first.assign(visit="later", is_baseline=False)
    later["igf1_ng_ml"] = np.exp(
        0.5 * np.log(first["igf1_ng_ml"])
        + 0.5 * np.log(people({"control": 400}, seed=6)["igf1_ng_ml"])
    )
    ground = ground_of(pd.concat([first, later], ignore_index=True), STUDY, STUDY.cohorts[0])
    assert 0.4 < ground.constancy < 0.95
    at_first = np.random.default_rng(1).standard_normal(400)
    scores = ground.at_all_visits(at_first, np.random.default_rng(2))
    assert scores[:400] == pytest.approx(at_first)
    assert np.corrcoef(scores[400:], at_first)[0, 1] == pytest.approx(ground.constancy, abs=0.1)
