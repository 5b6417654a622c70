"""What is fixed before outcomes are read: every key has its place, and hand edits are seen."""

import json

import pytest

from builders import cohort_entry, make_claim, make_study, study_config
from igfmood.config.load import parse_study
from igfmood.config.lock import (
    BESIDE,
    NOT_LOCKED,
    Lock,
    LockFile,
    Part,
    analysis_parts,
    claim_parts,
    differences,
    digest,
    find_lock,
    lock_path,
    parts_used,
    read_lock,
)
from igfmood.config.study import Study
from igfmood.errors import ConfigError

CLAIM = make_claim()


def make_lock(claim=CLAIM, time="2026-01-02T03:04:05+00:00", read=False, others=(), study=None):
    """A sealed lock of a study and its claims."""
    study, said = study or make_study(), claim_parts([claim, *others])
    return Lock(
        time=time, outcomes_read=read, igfmood="1", code="c0de", tables={"clinic": "da7a"},
        claims_hash=digest(said), claims={name: Part.of(x) for name, x in said.items()},
        analysis={name: Part.of(x) for name, x in analysis_parts(study).items()},
    ).sealed()  # fmt: skip


def write_lock(path, *locks: Lock, study="demo"):
    text = LockFile(study=study, locks=list(locks)).model_dump_json()
    path.write_text(text, encoding="utf-8")
    return path


def test_every_key_of_a_study_is_locked_or_said_not_to_matter():
    parts = set(analysis_parts(make_study()))
    assert parts | set(NOT_LOCKED) == set(Study.model_fields)
    assert not parts & set(NOT_LOCKED)
    analyses = ["contrast", "tails", "validation", "mendelian"]
    used = {part for name in analyses for part in parts_used(make_claim(name))}
    assert used | set(BESIDE) == parts
    assert not used & set(BESIDE)


def test_titles_and_folders_change_no_hash_and_settings_do():
    plain = analysis_parts(make_study())
    told = study_config(
        cohort_entry(label="Our clinic"), title="A title", data_root="/elsewhere",
        analyte={"label": "Insulin-like growth factor 1"},
    )  # fmt: skip
    assert analysis_parts(parse_study(told)) == plain
    changed = analysis_parts(make_study(gates={"group_size": 5}, seed=2))
    assert {name for name in plain if digest(plain[name]) != digest(changed[name])} == {
        "gates", "seed",
    }  # fmt: skip


def test_a_default_that_is_written_out_changes_no_hash():
    study = make_study()
    assert digest(analysis_parts(parse_study(study.model_dump(mode="json")))) == digest(
        analysis_parts(study)
    )


def test_a_claim_about_everybody_says_no_more_than_before_there_were_others():
    # The hash of a claim that was locked before claims had a population.
    assert "population" not in claim_parts([CLAIM])["one"]["estimand"]
    women = CLAIM.estimand.model_copy(update={"population": "women"})
    said = claim_parts([CLAIM.model_copy(update={"estimand": women})])
    assert said["one"]["estimand"]["population"] == "women"


def test_the_order_of_tiers_is_part_of_what_is_fixed():
    tiers = {"unadjusted": [], "adjusted": ["age_years", "sex"]}
    turned = dict(reversed(tiers.items()))
    assert digest(tiers) != digest(turned)
    assert differences({"covariate_tiers": tiers}, {"covariate_tiers": turned}) == [
        "covariate_tiers in another order"
    ]


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"margin": 0.2}, {"margin": 0.1}, ["margin 0.2 → 0.1"]),
        ({"gates": {"x": 1, "y": 2}}, {"gates": {"x": 1, "y": 3}}, ["gates.y 2 → 3"]),
        ({"tasks": [{"name": "a", "cases": ["mdd"]}]}, {"tasks": [{"name": "a", "cases": ["scz"]}]},
         ['tasks.a.cases ["mdd"] → ["scz"]']),
        ({"t": [{"name": "a"}]}, {"t": [{"name": "a"}, {"name": "b"}]}, ["t.b added"]),
        ({"t": [{"name": "a"}, {"name": "b"}]}, {"t": [{"name": "b"}]}, ["t.a left out"]),
        ({"x": None}, {"x": "y" * 50}, [f"x null → {'y' * 37}…"]),
    ],
)  # fmt: skip
def test_differences_are_told_by_place_and_value(before, now, told):
    assert differences(before, now) == told


def test_a_lock_is_found_beside_the_study_file_or_where_the_key_says(tmp_path):
    study = make_study()
    assert find_lock(study, [tmp_path / "study.yaml"]) is None
    path = write_lock(tmp_path / "demo.lock.json", make_lock())
    assert lock_path(study, tmp_path / "study.yaml") == path
    assert find_lock(study, [tmp_path / "study.yaml"]) == path
    elsewhere = make_study(lock=str(tmp_path / "other.json"))
    with pytest.raises(ConfigError, match=r"lock: file .*other\.json is not there"):
        find_lock(elsewhere, [tmp_path / "study.yaml"])
    write_lock(tmp_path / "other.json", make_lock(), study="another")
    with pytest.raises(ConfigError, match="lock of study 'another', and this is 'demo'"):
        find_lock(elsewhere, [tmp_path / "study.yaml"])


@pytest.mark.parametrize(
    "edit",
    [
        lambda lock: lock.update(outcomes_read=False),
        lambda lock: lock.update(time="2020-01-01T00:00:00+00:00"),
        lambda lock: lock["claims"]["one"]["content"].update(margin=0.1),
        lambda lock: lock["analysis"].pop("gates"),
    ],
)
def test_a_lock_that_was_changed_by_hand_is_refused(tmp_path, edit):
    path = write_lock(tmp_path / "demo.lock.json", make_lock(read=True))
    content = json.loads(path.read_text(encoding="utf-8"))
    edit(content["locks"][0])
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(ConfigError, match="is not as `igfmood lock` wrote it"):
        read_lock(path)


def test_a_file_that_is_no_lock_is_told(tmp_path):
    (tmp_path / "x.json").write_text("{")
    with pytest.raises(ConfigError, match=r"x\.json is not as `igfmood lock` wrote it"):
        read_lock(tmp_path / "x.json")
