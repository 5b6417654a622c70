"""The same people in two cohorts: which pairs overlap, and who is left out."""

import json

import numpy as np
import pandas as pd
import pytest

from builders import POOLED, cohort_entry, people, study_config
from igfmood import results
from igfmood.cohort.coincidence import Coincidence
from igfmood.cohort.overlap import (
    beyond_chance,
    find_overlap,
    left_out,
    read_left_out,
    write_overlap,
)
from igfmood.config.load import parse_study
from igfmood.errors import DataError


def study_of(*names, overlaps=None):
    """Study with these cohorts; `overlaps` are declared, by cohort."""
    entries = [cohort_entry(name, overlaps=(overlaps or {}).get(name, [])) for name in names]
    return parse_study(study_config(*entries))


def cohort(n, seed):
    return people({"control": n - n // 3, "mdd": n // 3}, seed=seed)


def renamed(table, mark):
    """The same people under other keys."""
    keys = [f"{mark}{row:015d}" for row in range(len(table))]
    return table.assign(participant_id=keys)


def with_some_of(table, other, n):
    return pd.concat([table, other.iloc[:n]], ignore_index=True)


def test_different_people_do_not_overlap():
    tables = {"a": cohort(200, 1), "b": cohort(100, 2)}
    (pair,) = find_overlap(tables, study_of("a", "b"))
    assert (pair.reason, pair.left_out, pair.same_keys, pair.identical_rows) == ("", "", 0, 0)
    assert (pair.n_first, pair.n_second) == (200, 100)


def test_identical_rows_under_other_keys_are_found_and_the_smaller_cohort_is_left_out():
    a = cohort(100, 1)
    tables = {"a": a, "b": renamed(with_some_of(cohort(200, 2), a, 20), "b")}
    (pair,) = find_overlap(tables, study_of("a", "b"))
    assert (pair.same_keys, pair.identical_rows) == (0, 20)
    assert pair.reason == "identical rows of IGF-1, age and sex, beyond chance"
    assert pair.left_out == "a"
    assert pair.p < 1e-6


def test_same_keys_are_found_without_a_single_value_in_common():
    a = cohort(100, 1)
    b = a.assign(igf1_ng_ml=a["igf1_ng_ml"] * 1.35, igf1_value=a["igf1_value"] * 1.35)
    (pair,) = find_overlap({"a": a, "b": b}, study_of("a", "b"))
    assert (pair.same_keys, pair.identical_rows) == (100, 0)
    assert pair.reason == "same keys, with the same sex and ages that fit"
    # Of two of the same size the later in the study.
    assert pair.left_out == "b"


def test_keys_that_coincide_by_number_do_not_count():
    tables = {name: renamed(cohort(300, seed), "0") for seed, name in enumerate("ab")}
    (pair,) = find_overlap(tables, study_of("a", "b"))
    assert (pair.same_keys, pair.reason, pair.left_out) == (0, "", "")


@pytest.mark.parametrize("by", ["a", "b"])
def test_a_declared_overlap_counts_from_either_side(by):
    study = study_of("a", "b", overlaps={by: ["b" if by == "a" else "a"]})
    (pair,) = find_overlap({"a": cohort(200, 1), "b": cohort(100, 2)}, study)
    assert pair.declared
    assert (pair.reason, pair.left_out) == ("declared in the configuration", "b")


def test_people_without_the_analyte_do_not_make_a_cohort_larger():
    a, b = cohort(200, 1), cohort(100, 2)
    few = a.assign(igf1_ng_ml=a["igf1_ng_ml"].where(np.arange(len(a)) < 50))
    study = study_of("a", "b", overlaps={"a": ["b"]})
    (pair,) = find_overlap({"a": few, "b": b}, study)
    assert (pair.n_first, pair.left_out) == (50, "a")
    # Below the limit is a measurement.
    censored = few.assign(igf1_below_lod=few["igf1_ng_ml"].isna())
    (pair,) = find_overlap({"a": censored, "b": b}, study)
    assert (pair.n_first, pair.left_out) == (200, "b")


def test_only_first_visits_are_compared():
    a = cohort(100, 1)
    later = a.assign(is_baseline=False, visit="second")
    b = pd.concat([cohort(100, 2), later], ignore_index=True)
    (pair,) = find_overlap({"a": a, "b": b}, study_of("a", "b"))
    assert (pair.reason, pair.n_second) == ("", 100)


def test_in_a_chain_the_middle_is_left_out_once():
    study = study_of("small", "middle", "large", overlaps={"middle": ["small", "large"]})
    tables = {"small": cohort(50, 1), "middle": cohort(100, 2), "large": cohort(200, 3)}
    pairs = find_overlap(tables, study)
    assert left_out(pairs) == {
        "middle": "holds some of the same people as large (declared in the configuration)"
    }
    assert {(p.first, p.second): p.left_out for p in pairs} == {
        ("small", "middle"): "middle", ("small", "large"): "", ("middle", "large"): "middle",
    }  # fmt: skip


def test_of_three_that_overlap_the_largest_stays():
    study = study_of("a", "b", "c", overlaps={"a": ["b", "c"], "b": ["c"]})
    tables = {"a": cohort(50, 1), "b": cohort(200, 2), "c": cohort(100, 3)}
    pairs = find_overlap(tables, study)
    assert set(left_out(pairs)) == {"a", "c"}
    assert all("as b (" in reason for reason in left_out(pairs).values())


def test_the_reason_names_a_cohort_that_stays():
    study = study_of(
        "large", "middle", "second", "small",
        overlaps={"middle": ["large", "small"], "second": ["small"]},
    )  # fmt: skip
    sizes = {"large": 80, "middle": 60, "second": 40, "small": 20}
    pairs = find_overlap({name: cohort(n, n) for name, n in sizes.items()}, study)
    reasons = left_out(pairs)
    assert set(reasons) == {"middle", "small"}
    assert "as second (" in reasons["small"]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (Coincidence(observed=3, n=300, expected=0.01, p=1e-7), True),
        (Coincidence(observed=2, n=300, expected=0.0001, p=1e-9), False),
        (Coincidence(observed=3, n=300, expected=0.1, p=1e-4), False),
        # A sixth of them more than chance gives is a misfit of the expectation …
        (Coincidence(observed=70_000, n=500_000, expected=60_000.0, p=0.0), False),
        (Coincidence(observed=80_000, n=500_000, expected=60_000.0, p=0.0), True),
        # … unless it is most of what chance leaves over …
        (Coincidence(observed=500_000, n=500_000, expected=450_000.0, p=0.0), True),
        (Coincidence(observed=470_000, n=500_000, expected=450_000.0, p=0.0), False),
        # … and that is more than a remnant.
        (Coincidence(observed=500_000, n=500_000, expected=480_000.0, p=0.0), False),
    ],
)
def test_how_much_is_beyond_chance(found, expected):
    assert beyond_chance(found) is expected


@pytest.mark.parametrize("seed", range(4))
def test_no_two_cohorts_that_remain_overlap_and_none_is_left_out_for_nothing(seed):
    rng = np.random.default_rng(seed)
    names = list("abcde")
    declared = {
        name: [other for other in names[i + 1 :] if rng.random() < 0.4]
        for i, name in enumerate(names)
    }
    tables = {name: cohort(int(rng.integers(10, 40)), i) for i, name in enumerate(names)}
    pairs = find_overlap(tables, study_of(*names, overlaps=declared))
    gone = set(left_out(pairs))
    overlapping = [{pair.first, pair.second} for pair in pairs if pair.reason]
    assert all(pair & gone for pair in overlapping)
    assert all(
        any(name in pair and not (pair - {name}) & gone for pair in overlapping) for name in gone
    )
    assert gone == {pair.left_out for pair in pairs} - {""}


def test_a_cohort_without_the_analyte_is_compared_by_keys_alone():
    a = cohort(100, 1)
    (pair,) = find_overlap({"a": a, "b": a.assign(igf1_ng_ml=np.nan)}, study_of("a", "b"))
    assert (pair.identical_rows, pair.expected_rows, pair.p) == (None, None, None)
    assert (pair.same_keys, pair.left_out) == (100, "b")


def write(tmp_path, study, tables):
    files = {}
    for name, table in tables.items():
        files[name] = tmp_path / f"{name}.parquet"
        table.to_parquet(files[name], index=False)
    found, decision = tmp_path / "overlap.parquet", tmp_path / "overlap.json"
    write_overlap(study, files, POOLED, found, decision)
    return results.read(found), decision


def test_results_and_decision_are_written(tmp_path):
    a = cohort(60, 1)
    tables = {"a": a, "b": with_some_of(cohort(100, 2), a, 20), "c": cohort(50, 3)}
    table, decision = write(tmp_path, study_of("a", "b", "c"), tables)
    assert set(read_left_out(decision)) == {"a"}
    pairs = json.loads(decision.read_text(encoding="utf-8"))["pairs"]
    assert [(pair["first"], pair["second"]) for pair in pairs] == [
        ("a", "b"), ("a", "c"), ("b", "c"),
    ]  # fmt: skip
    row = table[(table["term"] == "a ~ b")].set_index("measure")
    assert row.loc["identical_rows", "estimate"] == 20
    assert row.loc["same_keys", "estimate"] == 20
    assert row.loc["overlap", "estimate"] == 1
    assert row.loc["overlap", "method"].startswith("left out of pooling: a (same keys")
    assert set(table["cohort"]) == {"pooled"}
    assert set(table["analysis"]) == {"overlap"}


def test_what_cannot_be_compared_is_said(tmp_path):
    a = cohort(60, 1)
    table, _ = write(
        tmp_path, study_of("a", "b"), {"a": a, "b": cohort(60, 2).assign(igf1_ng_ml=np.nan)}
    )
    missing = table[table["measure"].isin(["identical_rows", "expected_rows", "p"])]
    assert list(missing["status"].unique()) == ["not_estimable"]
    assert list(missing["reason"].unique()) == ["a cohort has nobody with IGF-1, age and sex"]


def test_words_hold_no_counts(tmp_path):
    a = cohort(60, 1)
    table, decision = write(
        tmp_path, study_of("a", "b"), {"a": a, "b": with_some_of(cohort(100, 2), a, 7)}
    )
    assert read_left_out(decision)
    words = [*read_left_out(decision).values(), *table["method"]]
    assert not any(part.isdigit() for word in words for part in word.replace("-", " ").split()
                   if part != "1")  # fmt: skip


def test_a_failed_cohort_takes_no_part(tmp_path):
    table, decision = write(
        tmp_path,
        study_of("a", "b", overlaps={"a": ["b"]}),
        {"a": cohort(60, 1), "b": pd.DataFrame()},
    )
    assert table.empty
    assert json.loads(decision.read_text(encoding="utf-8")) == {"left_out": {}, "pairs": []}


def test_the_same_tables_give_the_same_bytes(tmp_path):
    a = cohort(60, 1)
    tables = {"a": a, "b": with_some_of(cohort(100, 2), a, 20)}
    files = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        _, decision = write(tmp_path / name, study_of("a", "b"), tables)
        files.append((decision.read_bytes(), decision.with_suffix(".parquet").read_bytes()))
    assert files[0] == files[1]


@pytest.mark.parametrize("content", ["", "[]", '{"pairs": []}', '{"left_out": ["a"]}'])
def test_a_file_that_is_no_decision_is_named(tmp_path, content):
    path = tmp_path / "overlap.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=r"overlap\.json should hold the decision"):
        read_left_out(path)
