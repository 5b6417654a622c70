"""Claims judged in worlds of a small study, from tables to error rates."""

import json

import numpy as np
import pandas as pd
import pytest
import yaml

from builders import POOLED, cohort_entry, make_claim, people, study_config
from igfmood.config.load import parse_study
from igfmood.evidence.operating import worlds
from igfmood.evidence.operating.study import try_claims
from igfmood.evidence.operating.summary import add_operating
from igfmood.results import Rows

NAMES = ("a", "b", "c")
WORLDS = 3


def study(**changes):
    entries = [cohort_entry(name) for name in NAMES]
    return parse_study(study_config(
        *entries, seed=7, operating={"worlds": WORLDS} | changes,
        prediction={"models": ["logistic"], "outcomes": []},
        prediction_tiers={"base": ["age_years"], "adjusted": ["age_years", "analyte"]},
        added_value=["adjusted", "base"],
    ))  # fmt: skip


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("worlds")
    tables = {}
    for seed, name in enumerate(NAMES):
        table = people({"control": 150, "mdd": 120}, effects={"mdd": -0.5}, seed=seed + 1)
        tables[name] = folder / f"{name}.parquet"
        table.to_parquet(tables[name])
    claims = [
        make_claim(id="difference"), make_claim("validation", id="test", margin=0.02),
        make_claim("mendelian", id="genes"),
    ]  # fmt: skip
    path = folder / "claims.yaml"
    path.write_text(
        yaml.safe_dump({"claims": [one.model_dump(mode="json") for one in claims]}),
        encoding="utf-8",
    )
    overlap = folder / "overlap.json"
    overlap.write_text(json.dumps({"left_out": {}}), encoding="utf-8")
    return folder, path, tables, overlap, claims


def tried(files, part=0, processes=1, **changes):
    folder, path, tables, overlap, _ = files
    output = folder / f"{part}_{processes}_{len(changes)}.parquet"
    try_claims(study(**changes), path, tables, overlap, part, output, processes)
    return pd.read_parquet(output)


@pytest.fixture(scope="module")
def outcomes(files):
    return tried(files)


def test_every_claim_is_judged_in_every_world_that_asks_it(outcomes):
    counts = outcomes.groupby(["claim", "kind"]).size()
    assert set(counts["difference"].index) == {
        one.name for one in worlds.KINDS if one.name != worlds.PUBLISHED
    }
    assert (counts["difference"] == WORLDS).all()
    assert (counts["test"] == WORLDS).all()
    assert list(counts["genes"].index) == [worlds.NOT_TRIED]
    assert "genes" in outcomes.loc[outcomes["claim"] == "genes", "reason"].iloc[0]


def test_planted_differences_are_found(outcomes):
    mine = outcomes[outcomes["claim"] == "difference"].set_index("kind")
    for kind, truth in ((worlds.NULL, 0.0), (worlds.MARGIN, -0.2), (worlds.CLAIMED, -0.6)):
        found = mine.loc[kind]
        assert found["truth"].to_numpy(float) == pytest.approx(truth)
        # Three cohorts of 270 people: a standard error of about 0.08 in each world.
        assert found["estimate"].mean() == pytest.approx(truth, abs=0.15)
    assert not (mine.loc[worlds.NULL, "verdict"] == "SUPPORTED").any()
    assert (mine.loc[worlds.CLAIMED, "verdict"] == "SUPPORTED").any()


def test_a_test_reaches_the_planted_auc(outcomes):
    mine = outcomes[outcomes["claim"] == "test"].set_index("kind")
    assert mine.loc[worlds.NULL, "estimate"].mean() == pytest.approx(0.5, abs=0.06)
    assert mine.loc[worlds.MARGIN, "estimate"].mean() == pytest.approx(0.7, abs=0.05)
    assert mine.loc[worlds.CLAIMED, "estimate"].mean() == pytest.approx(0.8, abs=0.05)
    assert (mine.loc[worlds.NULL, "verdict"] == "REFUTED").all()


def test_worlds_do_not_depend_on_processes_or_on_parts(files, outcomes):
    halves = [tried(files, part=part, processes=2, parts=2) for part in (0, 1)]
    together = pd.concat(halves, ignore_index=True)
    keys = ["kind", "world", "claim"]
    pd.testing.assert_frame_equal(
        together.sort_values(keys, ignore_index=True), outcomes.sort_values(keys, ignore_index=True)
    )


def test_rates_are_counted_with_their_error(files, outcomes, tmp_path):
    path = tmp_path / "0.parquet"
    outcomes.to_parquet(path)
    rows = Rows(POOLED)
    add_operating(rows, files[-1], [path])
    table = rows.table().set_index(["claim", "term", "measure"]).sort_index()
    for kind in (worlds.NULL, worlds.CLAIMED):
        found = table.loc[("difference", kind)]
        rates = found[found.index.str.startswith("rate_")]["estimate"]
        assert rates.sum() == pytest.approx(1)
    held = table.loc[("difference", worlds.NULL, "interval_coverage")]
    mine = outcomes[(outcomes["claim"] == "difference") & (outcomes["kind"] == worlds.NULL)]
    assert held["n_events"] == int(((mine["ci_low"] <= 0) & (mine["ci_high"] >= 0)).sum())
    assert held["n"] == WORLDS
    assert 0 <= held["ci_low"] <= held["estimate"] <= held["ci_high"] <= 1
    assert table.loc[("test", worlds.NULL, "interval_coverage"), "status"] == "not_estimable"
    assert table.loc[("genes", "", "rate_supported"), "status"] == "not_estimable"
    assert np.isfinite(table.loc[("test", worlds.NULL, "mean_estimate"), "estimate"])


def test_without_worlds_there_are_no_rates(files):
    rows = Rows(POOLED)
    add_operating(rows, files[-1], [])
    assert rows.table().empty
