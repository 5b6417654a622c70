"""Which claims count as fixed beforehand, and what is said of those that do not."""

import json

import pytest

from builders import make_claim, make_study
from igfmood import __version__
from igfmood.config.lock import analysis_parts
from igfmood.evidence.prespecified import NOT_LOCKED, Run, compare
from unit.config.test_lock import CLAIM, make_lock, write_lock

STUDY = make_study()


def run(study=STUDY, *claims, tables=None):
    return Run(claims or (CLAIM,), analysis_parts(study), tables or {"clinic": "da7a"}, "c0de")


@pytest.fixture
def path(tmp_path):
    return write_lock(tmp_path / "demo.lock.json", make_lock())


def test_without_a_lock_nothing_is_prespecified():
    found = compare(run(), None)
    assert found.says == found.told["one"] == NOT_LOCKED
    assert found.claims == {"one": False}


def test_what_did_not_change_is_prespecified_with_time_and_hash(path, tmp_path):
    found = compare(run(), path)
    assert found.claims == {"one": True}
    assert found.told["one"].startswith("pre-specified at 2026-01-02 03:04 UTC, hash ")
    assert (found.changed, found.dropped, found.tables) == ([], [], [])
    assert found.code == f"igfmood 1 (c0de) → {__version__} (c0de)"
    found.write(tmp_path / "lock.json")
    assert json.loads((tmp_path / "lock.json").read_text())["claims"] == {"one": True}


def test_a_claim_that_changed_is_exploratory_itself_alone(path):
    other = make_claim(id="two", margin=0.3)
    found = compare(run(STUDY, make_claim(margin=0.1), other), path)
    assert found.told["one"] == "exploratory: margin 0.2 → 0.1"
    assert found.told["two"] == "exploratory: not among the locked claims"
    assert found.changed == [
        "claim one: margin 0.2 → 0.1",
        "claim two: not among the locked claims",
    ]


def test_a_changed_part_makes_the_claims_exploratory_that_use_it(tmp_path):
    path = write_lock(tmp_path / "demo.lock.json", make_lock())
    shape = make_study(shape={"low_percentile": 5})
    assert compare(run(shape), path).claims == {"one": True}
    tails = make_claim("tails")
    path = write_lock(tmp_path / "demo.lock.json", make_lock(claim=tails))
    assert compare(run(shape, tails), path).told["one"] == (
        "exploratory: shape.low_percentile 10.0 → 5.0"
    )
    genes = make_claim("mendelian")
    path = write_lock(tmp_path / "demo.lock.json", make_lock(claim=genes))
    assert compare(run(make_study(gates={"group_size": 5}), genes), path).claims == {"one": True}


def test_what_no_verdict_rests_on_is_told_and_costs_no_claim(path):
    found = compare(run(make_study(operating={"effect": 4})), path)
    assert found.claims == {"one": True}
    assert found.changed == ["operating.effect 3.0 → 4.0 (no verdict rests on it)"]


def subsets(women="female", men="male", label="Women"):
    return [
        {"name": name, "label": named, "rules": [
            {"name": name, "variable": "sex", "equals": [sex]},
        ]}
        for name, named, sex in (("women", label, women), ("men", "Men", men))
    ]  # fmt: skip


def test_a_claim_about_a_subset_rests_on_that_subset_alone(tmp_path):
    forks = {"population": ["all"]}
    estimand = make_claim().estimand.model_copy(update={"population": "women"})
    women = make_claim(estimand=estimand.model_dump())
    everybody = make_claim(id="two")
    study = make_study(subsets=subsets(), forks=forks)
    path = write_lock(
        tmp_path / "demo.lock.json", make_lock(claim=women, others=[everybody], study=study)
    )
    assert compare(run(study, women, everybody), path).claims == {"one": True, "two": True}
    found = compare(
        run(make_study(subsets=subsets(women="male"), forks=forks), women, everybody), path
    )
    change = 'subsets.women.rules.women.equals ["female"] → ["male"]'
    assert found.told["one"] == f"exploratory: {change}"
    assert found.claims["two"]
    assert found.changed == [change]
    # How it is called, and who is in another one, moves no number of it.
    other = subsets(men="female", label="All women")
    found = compare(run(make_study(subsets=other, forks=forks), women, everybody), path)
    assert found.claims == {"one": True, "two": True}
    assert len(found.changed) == 2
    assert all(text.endswith("(no verdict rests on it)") for text in found.changed)


def test_many_changes_are_counted(path):
    gates = {"group_size": 5, "class_size": 30, "reference_people": 40}
    found = compare(run(make_study(seed=2, level=0.9, gates=gates)), path)
    assert found.told["one"] == (
        "exploratory: level 0.95 → 0.9; seed 1 → 2; gates.reference_people 30 → 40; 2 more changes"
    )
    assert len(found.changed) == 5


def test_a_claim_that_is_asked_no_more_and_other_tables_are_told(path):
    found = compare(run(STUDY, make_claim(id="two"), tables={"clinic": "0ther"}), path)
    assert found.dropped == ["one"]
    assert found.tables == ["clinic"]


def test_a_lock_made_after_outcomes_were_read_does_not_count(tmp_path):
    path = write_lock(tmp_path / "demo.lock.json", make_lock(read=True))
    found = compare(run(), path)
    assert found.claims == {"one": False}
    assert found.told["one"].startswith("exploratory: locked after outcomes were read (2026-01-02")


def test_an_amendment_counts_only_if_it_came_before_outcomes(tmp_path):
    smaller = make_claim(margin=0.1)
    path = tmp_path / "demo.lock.json"
    write_lock(path, make_lock(), make_lock(claim=smaller, time="2026-02-01T00:00:00+00:00"))
    found = compare(run(STUDY, smaller), path)
    assert found.told["one"].startswith("pre-specified at 2026-02-01")
    assert found.history[1]["changed"] == ["claim.one.margin 0.2 → 0.1"]
    write_lock(path, make_lock(), make_lock(claim=smaller, read=True))
    assert compare(run(STUDY, smaller), path).told["one"] == "exploratory: margin 0.2 → 0.1"
    assert compare(run(), path).claims == {"one": True}


def test_nothing_counts_after_outcomes_were_read_once(tmp_path):
    # Results that were removed, or stand elsewhere, do not make a later lock an early one.
    path = tmp_path / "demo.lock.json"
    smaller = make_claim(margin=0.1)
    locks = [make_lock(), make_lock(read=True), make_lock(claim=smaller)]
    write_lock(path, *locks)
    assert compare(run(STUDY, smaller), path).told["one"] == "exploratory: margin 0.2 → 0.1"
    assert compare(run(), path).claims == {"one": True}


def test_other_data_make_a_claim_exploratory(path):
    found = compare(run(tables={"clinic": "0ther"}), path)
    assert found.told["one"] == "exploratory: other data: clinic"
    genes = make_claim("mendelian")
    of_genes = write_lock(path, make_lock(claim=genes))
    assert compare(run(STUDY, genes, tables={"clinic": "0ther"}), of_genes).claims == {"one": True}
