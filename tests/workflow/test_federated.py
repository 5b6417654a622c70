"""Bundles of single cohorts, pooled by a hub, give the numbers of the study that had everybody.

The finished default study is split into one bundle a cohort; nothing is run again.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from igfmood import results
from igfmood.config.load import load_claims
from igfmood.federated.bundle import Bundle, as_text, read_bundle
from igfmood.federated.contents import WITHHELD
from igfmood.federated.hub import pool_bundles
from igfmood.federated.site import pack
from igfmood.performance.pooled import SCALES
from igfmood.synthesis.one_stage import ONE_STAGE
from igfmood.synthesis.row_keys import without_companion
from igfmood.synthesis.study import ANALYSES
from workflow.project import Project

COHORTS = ("clinic", "register", "population", "trial", "imaging")
NUMBERS = ["estimate", "se", "ci_low", "ci_high", "p", "df"]
KEYS = [key for key in results.KEYS if key not in ("study", "cohort")]
FEW = 10


@dataclass(frozen=True, eq=False)
class Split:
    """The study with everybody, its bundles, and what the hub made of them."""

    whole: pd.DataFrame
    bundles: dict[str, Bundle]
    texts: dict[str, str]
    hub: pd.DataFrame
    folder: Path
    study: Path


@pytest.fixture(scope="module")
def split(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Split:
    folder = tmp_path_factory.mktemp("federated")
    claims = finished.folder / "config/claims.yaml"
    texts, bundles = {}, {}
    for name in COHORTS:
        texts[name] = as_text(pack(finished.results(), name, claims).bundle)
        (folder / f"{name}.json").write_text(texts[name], encoding="utf-8")
        bundles[name] = read_bundle(folder / f"{name}.json")
    paths = [folder / f"{name}.json" for name in sorted(COHORTS)]
    pool_bundles(paths, claims, folder / "results/hub")
    return Split(
        results.read(finished.results() / "pooled/results.parquet"), bundles, texts,
        results.read(folder / "results/hub/pooled/results.parquet"), folder, finished.results(),
    )  # fmt: skip


def pooled(table: pd.DataFrame) -> pd.DataFrame:
    """Return the pooled rows of what cohorts estimated, by their keys."""
    of_cohorts = table["analysis"].isin(ANALYSES) & (table["stratum"] != ONE_STAGE)
    of_prediction = (table["analysis"] == "cross_validation") & (table["term"] != "worst cohort")
    rows = table[(table["cohort"] == results.POOLED) & (of_cohorts | of_prediction)]
    return rows.set_index(KEYS).sort_index()


def withheld(split: Split) -> set[tuple[str, ...]]:
    """Return the numbers that some cohort keeps, as pooled rows are told apart."""
    rows = pd.concat([bundle.table() for bundle in split.bundles.values()])
    return set(map(_number, rows[rows["status"] == WITHHELD][KEYS].itertuples(index=False)))


def _number(keys) -> tuple[str, ...]:
    analysis, target, exposure, model, adjustment, stratum, term, measure = keys
    stratum = "all" if stratum.startswith("without ") else stratum
    term = without_companion(term)
    if measure in ("tau2", "i2", "q", "k"):
        measure, _, term = term.partition(" ")
    if measure in ("johnson_neyman", "simple_slope"):
        measure, term = "simple_slope", ""
    return analysis, target, exposure, model, adjustment, stratum, term, measure


def test_every_pooled_number_of_rows_that_left_is_the_same_to_the_last_digit(split):
    kept = withheld(split)
    whole, hub = (
        rows[[_number(key) not in kept for key in rows.index]]
        for rows in (pooled(split.whole), pooled(split.hub))
    )
    assert list(whole.index) == list(hub.index)
    for name in NUMBERS:
        np.testing.assert_array_equal(whole[name].to_numpy(), hub[name].to_numpy(), name)
    assert list(whole["status"]) == list(hub["status"])
    estimated = whole[whole["status"] == "ok"].reset_index()
    assert set(estimated["measure"]) >= {"smd", "beta", "log_or", "tau2", "i2", "auc", "delta_auc"}
    assert len(estimated) > 2500
    assert set(estimated["analysis"]) > {"contrast", "severity", "tails", "specification"}


def test_only_tables_of_few_people_and_subsets_are_kept_back(split):
    rows = pd.concat([bundle.table() for bundle in split.bundles.values()])
    kept = rows[(rows["status"] == WITHHELD) & (rows["stratum"] == "all")]
    of_models = kept[~kept["analysis"].isin(["cross_validation", "table1"])]
    assert set(of_models["model"]) == {"tails"}
    assert set(of_models["adjustment"]) == {"unadjusted"}
    of_prediction = kept[kept["analysis"] == "cross_validation"]
    assert set(of_prediction["measure"]).isdisjoint(SCALES)


def test_verdicts_are_those_of_the_study_but_for_tests_in_new_cohorts(split, finished):
    claims = load_claims(finished.folder / "config/claims.yaml").claims
    whole, hub = (
        {one["claim"]: one for one in json.loads((folder / "pooled/verdicts.json").read_text())}
        for folder in (split.study, split.folder / "results/hub")
    )
    assert list(whole) == list(hub)
    for claim in claims:
        found = hub[claim.id]
        if claim.kind == "diagnostic":
            assert found["verdict"] == "NOT_EVALUABLE"
            assert "a hub has no people" in found["reason"]
        else:
            assert found["verdict"] == whole[claim.id]["verdict"], claim.id
            assert found["reason"] == whole[claim.id]["reason"], claim.id


# ---- Disclosure ----------------------------------------------------------------------------


def test_no_id_of_a_participant_is_in_a_bundle(split):
    for name, text in split.texts.items():
        people = pd.read_parquet(split.study / f"cohorts/{name}/participants.parquet")
        ids = set(people["participant_id"].astype(str))
        assert len(ids) > 100
        words = set(re.findall(r"[\w-]+", text))
        assert ids.isdisjoint(words - {word for word in words if word.isdigit()}), name
        assert not any(f'"{one}"' in text for one in ids), name


def test_no_count_below_the_limit_is_in_a_bundle(split):
    for bundle in split.bundles.values():
        table = bundle.table()
        for name in ("n", "n_events"):
            told = table[name].dropna()
            assert len(told) > 100
            assert (told % FEW == 0).all()
        counted = table[(table["measure"] == "count") & (table["status"] == "ok")]["estimate"]
        assert (counted % FEW == 0).all()
        for column in ("method", "reason"):
            words = set(table[column])
            assert not [one for one in words if re.search(r"\bn = \d|(?<![\d.<])\d+ < \d", one)]
            assert not [one for one in words if re.search(r"(?<!than )\b\d+ (people|cases)", one)]


def test_every_estimate_that_leaves_rests_on_enough_people(split):
    exact = split.whole.set_index(list(results.KEYS[1:]))
    for bundle in split.bundles.values():
        table = bundle.table()
        left = table[(table["status"] == "ok") & ~table["measure"].isin(["count", "missing"])]
        rows = exact.loc[list(left[list(results.KEYS[1:])].itertuples(index=False, name=None))]
        events = rows["n_events"].dropna()
        for sizes in (rows["n"].dropna(), events, rows["n"].loc[events.index] - events):
            assert not sizes.between(1, FEW - 1).any()


def test_nothing_of_private_files_is_in_a_bundle(split):
    private = [path for path in (split.study / "private").rglob("*") if path.is_file()]
    assert private
    for name, text in split.texts.items():
        assert str(split.study) not in text
        assert "quarantine" not in text
        quarantine = pd.read_csv(split.study / f"private/{name}/quarantine.csv", dtype=str)
        for reason in quarantine["reason"].unique():
            assert reason not in text
        assert set(json.loads(text)) == set(Bundle.model_fields)
