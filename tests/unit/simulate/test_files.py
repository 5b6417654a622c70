"""The written study: same bytes, right sizes, and bad rows exactly where the truth says."""

import gzip
import hashlib
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml

from igfmood.errors import ConfigError
from igfmood.simulate import DEFAULT_SEED, write_default_study
from igfmood.simulate.claims import claim_truths
from igfmood.simulate.damage import KINDS
from igfmood.simulate.dictionary import load_dictionary
from igfmood.simulate.files import write_csv
from igfmood.simulate.study import FEWEST, PLANS, scaled

COMMITTED = Path(__file__).parents[3] / "data_synthetic"
IDENTITY = {
    "clinic": ["PatNr"],
    "register": ["lopnr"],
    "population": ["pid", "visit"],
    "trial": ["subject", "week"],
    "imaging": ["ID"],
}
CLAIMS = {
    "depression_lower",
    "bipolar_deficiency",
    "diagnostic_depression",
    "diagnostic_bipolar",
    "both_tails",
    "cognition",
    "stress_buffering",
    "hippocampal_volume",
    "treatment_response",
}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_default_study(tmp_path_factory.mktemp("study"), DEFAULT_SEED)


@pytest.fixture(scope="module")
def truth() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((COMMITTED / "truth.yaml").read_text("utf-8"))
    return loaded


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    """Committed tables as text, in file order; missing cells are empty."""
    separators = {"clinic": ";", "register": "\t", "population": ",", "imaging": ","}
    out = {}
    for plan in PLANS:
        path = COMMITTED / plan.file
        if plan.name == "trial":
            rows = pq.read_table(path).to_pylist()
            text = [{k: "" if v is None else str(v) for k, v in row.items()} for row in rows]
            out[plan.name] = pd.DataFrame(text)
        else:
            separator = separators[plan.name]
            out[plan.name] = pd.read_csv(path, sep=separator, dtype=str, keep_default_na=False)
    return out


def content(path: Path) -> bytes:
    """Bytes of a file, unpacked where it is gzipped (compressors differ between builds of zlib)."""
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def test_same_seed_same_bytes(written: list[Path], tmp_path: Path) -> None:
    again = write_default_study(tmp_path, DEFAULT_SEED)
    assert [path.name for path in again] == [path.name for path in written]
    assert all(a.read_bytes() == b.read_bytes() for a, b in zip(written, again, strict=True))


def test_other_seed_other_people(written: list[Path], tmp_path: Path) -> None:
    other = write_default_study(tmp_path, DEFAULT_SEED + 1)
    assert all(content(a) != content(b) for a, b in zip(written[:5], other[:5], strict=True))


def test_committed_files_are_what_the_seed_writes(written: list[Path]) -> None:
    assert {path.name for path in COMMITTED.iterdir()} == {path.name for path in written}
    for path in written:
        if path.name != "checksums.sha256":
            assert content(path) == content(COMMITTED / path.name), path.name


def test_checksums() -> None:
    lines = (COMMITTED / "checksums.sha256").read_text("ascii").splitlines()
    listed = {line[66:]: line[:64] for line in lines}
    present = {path.name for path in COMMITTED.iterdir()} - {"checksums.sha256"}
    assert set(listed) == present
    for name, digest in listed.items():
        assert hashlib.sha256((COMMITTED / name).read_bytes()).hexdigest() == digest


def test_size_and_newlines() -> None:
    files = list(COMMITTED.iterdir())
    assert sum(path.stat().st_size for path in files) < 2_000_000
    assert all(b"\r" not in content(path) for path in files if path.suffix != ".parquet")
    for path in COMMITTED.glob("*.gz"):
        header = path.read_bytes()[:10]
        assert header[3] == 0, "a file name in the gzip header"
        assert header[4:8] == bytes(4), "a time in the gzip header"


def test_truth_names_every_claim(truth: dict[str, Any]) -> None:
    assert truth["seed"] == DEFAULT_SEED
    assert set(truth["claims"]) == CLAIMS == set(claim_truths())
    for claim in truth["claims"].values():
        assert {"estimand", "unit", "true_value", "relative_to_article"} <= set(claim)
    diagnostic = truth["claims"]["diagnostic_depression"]
    assert diagnostic["implied_auc_marker_alone"] == pytest.approx(0.664, abs=5e-4)


@pytest.mark.parametrize("name", list(IDENTITY))
def test_bad_rows_are_where_the_truth_says(
    name: str, truth: dict[str, Any], tables: dict[str, pd.DataFrame]
) -> None:
    cohort, table = truth["cohorts"][name], tables[name]
    assert len(table) == cohort["rows"]
    assert len(cohort["bad"]) == cohort["bad_rows"] == cohort["rows"] - cohort["good_rows"]
    assert len({bad["row"] for bad in cohort["bad"]}) == cohort["bad_rows"]
    assert {bad["kind"] for bad in cohort["bad"]} <= set(KINDS)
    for bad in cohort["bad"]:
        row = table.iloc[bad["row"] - 1]
        if bad["kind"] == "exact_duplicate":
            first = int(re.search(r"row (\d+)", bad["why"]).group(1))  # type: ignore[union-attr]
            assert first < bad["row"]
            assert row.equals(table.iloc[first - 1].rename(row.name))
        else:
            columns = bad["column"].split(", ")
            assert [row[column] for column in columns] == bad["value"].split(" / ")


@pytest.mark.parametrize("name", list(IDENTITY))
def test_nothing_else_is_bad(
    name: str, truth: dict[str, Any], tables: dict[str, pd.DataFrame]
) -> None:
    """Without the listed rows, every person and visit stands once and no planted value is left."""
    bad, table = truth["cohorts"][name]["bad"], tables[name]
    good = table.drop(index=[entry["row"] - 1 for entry in bad])
    assert not good.duplicated(IDENTITY[name]).any()
    for entry in bad:
        if entry["kind"] in ("impossible_value", "unparseable_text", "undeclared_code"):
            assert not (good[entry["column"]] == entry["value"]).any()
    conflicts = [entry["row"] - 1 for entry in bad if entry["kind"] == "conflicting_duplicate"]
    assert (table.loc[conflicts].groupby(IDENTITY[name]).size() == 2).all()


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.name)
def test_dictionary_describes_every_column(plan: Any, tables: dict[str, pd.DataFrame]) -> None:
    described = [column[0] for column in load_dictionary()["cohorts"][plan.name]["columns"]]
    assert described == list(tables[plan.name].columns)


def test_counts_below_the_limit(truth: dict[str, Any], tables: dict[str, pd.DataFrame]) -> None:
    codes = {
        "clinic": ("IGF1_ng_ml", "<75,0"),
        "register": ("igf1_nmol", "-1"),
        "population": ("igf_1", "38.9"),
        "trial": ("IGF1", "0.0"),
        "imaging": ("igf1", "<LOD"),
    }
    for name, (column, code) in codes.items():
        assert 3 <= (tables[name][column] == code).sum() <= 20, name
        assert truth["cohorts"][name]["assay"]["below_limit_good_rows"] >= 2, name


def test_cells_that_need_quotes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot be written unquoted"):
        write_csv(tmp_path / "bad.csv", pd.DataFrame({"a": ["1;2"]}), separator=";")


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.name)
def test_a_scaled_cohort_has_its_people_in_the_usual_shares(plan):
    usual = sum(plan.sizes.values())
    large = scaled(plan, 12_345)
    assert sum(large.sizes.values()) == 12_345
    for group, n in plan.sizes.items():
        assert large.sizes[group] / 12_345 == pytest.approx(n / usual, abs=1e-4)
    assert scaled(plan, usual) == plan


def test_a_scaled_study_has_its_people_its_truth_and_its_faults(tmp_path):
    write_default_study(tmp_path, DEFAULT_SEED, FEWEST)
    truth = yaml.safe_load((tmp_path / "truth.yaml").read_text("utf-8"))
    clinic = truth["cohorts"]["clinic"]
    assert sum(clinic["people_planned"].values()) == FEWEST
    rows = pd.read_csv(tmp_path / "clinic.csv", sep=";", dtype=str)
    assert rows["PatNr"].nunique() == FEWEST
    committed = yaml.safe_load((COMMITTED / "truth.yaml").read_text("utf-8"))
    assert clinic["bad_rows"] == committed["cohorts"]["clinic"]["bad_rows"]


def test_too_small_a_cohort_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=f"{FEWEST} or more"):
        write_default_study(tmp_path, DEFAULT_SEED, FEWEST - 1)
