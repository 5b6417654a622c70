"""What moved between two runs is told, and why; what did not move is not."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from builders import POOLED, SOURCE
from igfmood import results
from igfmood.cli import main
from igfmood.compare import compare
from igfmood.errors import DataError
from igfmood.results import Rows

CONTRAST = {"analysis": "contrast", "target": "depression", "measure": "smd"}
CONFIG = {
    "study": "demo", "seed": 1, "disclosure": {"min_cell": 10},
    "cohorts": [{"name": "clinic", "analyte": {"lod": 15}}, {"name": "register", "analyte": {}}],
}  # fmt: skip


def run(folder: Path, *, estimate=-0.4, pooled=-0.5, raw="da7a", code="c0de", seed=1, config=CONFIG,
        verdict="SUPPORTED", more=()) -> Path:  # fmt: skip
    """Write the results of a small run."""
    tables = []
    for source, value in ((SOURCE, estimate), (replace(SOURCE, cohort="register"), -0.3),
                          (POOLED, pooled)):  # fmt: skip
        mine = replace(source, seed=seed, code=code, inputs=raw if source is SOURCE else "0000")
        rows = Rows(mine)
        if source is not POOLED:
            rows.add(analysis="flow", stratum="rows_in", measure="count", estimate=100)
        rows.add(**CONTRAST, estimate=value, se=0.1, n=80)
        for measure in more:
            rows.add(analysis="contrast", measure=measure, estimate=1.0)
        tables.append(rows.table())
    results.write(results.concatenate(tables), folder / "pooled/results.parquet")
    verdicts = [{"claim": "lower", "verdict": verdict, "reason": f"because {verdict}",
                 "statement": "It is lower.", "result_ids": []}]  # fmt: skip
    (folder / "pooled/verdicts.json").write_text(json.dumps(verdicts), encoding="utf-8")
    (folder / "config.used.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    return folder


@pytest.fixture
def before(tmp_path):
    return run(tmp_path / "a/demo")


def with_lod(value):
    return CONFIG | {"cohorts": [{"name": "clinic", "analyte": {"lod": value}},
                                 CONFIG["cohorts"][1]]}  # fmt: skip


def test_two_equal_runs_have_moved_nothing(before, tmp_path):
    found = compare(before, run(tmp_path / "b/demo"))
    assert not found.anything_moved
    assert not found.causes.any
    assert found.compared == 5


@pytest.mark.parametrize(("gap", "moved"), [(4e-10, False), (1e-13, False), (1e-7, True)])
def test_noise_of_sums_is_no_move(before, tmp_path, gap, moved):
    found = compare(before, run(tmp_path / "b/demo", estimate=-0.4 + gap))
    assert bool(found.moved) == moved


def test_a_wider_tolerance_is_taken(before, tmp_path):
    after = run(tmp_path / "b/demo", estimate=-0.401)
    assert compare(before, after).moved
    assert not compare(before, after, 0.01).moved


def test_data_move_their_cohort_and_the_pooled_rows_alone(before, tmp_path):
    after = run(tmp_path / "b/demo", estimate=-0.45, pooled=-0.52, raw="da7b")
    found = compare(before, after)
    assert found.causes.data == {"clinic": ("da7a", "da7b")}
    assert {one.keys["cohort"]: one.why for one in found.moved} == {
        "clinic": ("data",), "pooled": ("data",),
    }  # fmt: skip
    farthest = found.moved[0]
    assert (farthest.column, farthest.before, farthest.after) == ("estimate", -0.4, -0.45)


def test_configuration_is_listed_key_by_key(before, tmp_path):
    after = run(tmp_path / "b/demo", estimate=-0.45, config=with_lod(12) | {"new": {"key": 1}})
    found = compare(before, after)
    assert found.causes.configuration == {
        "cohorts.clinic.analyte.lod": (15, 12), "new.key": ("(absent)", 1),
    }  # fmt: skip
    assert found.moved[0].why == ("configuration",)


def test_a_claim_that_changed_is_told_as_configuration(before, tmp_path):
    after = run(tmp_path / "b/demo", verdict="INCONCLUSIVE")
    for folder, margin in ((before, 0.2), (after, 0.3)):
        claims = {"claims": [{"id": "lower", "margin": margin}]}
        (folder / "claims.used.yaml").write_text(yaml.safe_dump(claims), encoding="utf-8")
    found = compare(before, after)
    assert found.causes.configuration == {"claims.lower.margin": (0.2, 0.3)}
    assert not found.causes.other_data
    assert [one.claim for one in found.verdicts] == ["lower"]


def test_the_settings_of_another_cohort_and_names_move_nothing(before, tmp_path):
    config = with_lod(12) | {"title": "Another title"}
    after = run(tmp_path / "b/demo", config=config)
    table = results.read(after / "pooled/results.parquet")
    table.loc[(table["cohort"] == "register") & (table["measure"] == "smd"), "estimate"] = -0.9
    results.write(table, after / "pooled/results.parquet")
    assert [one.why for one in compare(before, after).moved] == [()]


def test_code_and_seed_are_told(before, tmp_path):
    after = run(tmp_path / "b/demo", estimate=-0.45, code="beef", seed=2)
    found = compare(before, after)
    assert found.causes.code["contrast"] == ("c0de", "beef")
    assert found.causes.seed == (1, 2)
    assert found.moved[0].why == ("code", "seed")


def test_other_files_are_the_cause_where_nothing_else_differs(before, tmp_path):
    after = run(tmp_path / "b/demo", pooled=-0.6)
    table = results.read(after / "pooled/results.parquet")
    table.loc[table["cohort"] == "pooled", "inputs"] = "1111"
    results.write(table, after / "pooled/results.parquet")
    found = compare(before, after)
    assert found.causes.other_data
    assert found.moved[0].why == ("data",)


def test_rows_appear_and_disappear_and_a_status_changes(before, tmp_path):
    after = run(tmp_path / "b/demo", more=["log_vr"])
    found = compare(before, after)
    assert {row.keys["measure"] for row in found.appeared} == {"log_vr"}
    assert found.disappeared == []
    assert len(compare(after, before).disappeared) == 3
    table = results.read(after / "pooled/results.parquet")
    place = (table["cohort"] == "clinic") & (table["measure"] == "smd")
    table.loc[place, ["status", "reason"]] = ["not_estimable", "too few"]
    table.loc[place, ["estimate", "se"]] = float("nan")
    results.write(table, after / "pooled/results.parquet")
    moved = compare(before, after).moved
    assert [(one.column, one.before, one.after) for one in moved] == [
        ("status", "ok", "not_estimable")
    ]


def test_verdicts_come_first_and_a_claim_that_is_gone_is_told(before, tmp_path):
    after = run(tmp_path / "b/demo", verdict="INCONCLUSIVE")
    found = compare(before, after)
    assert [(one.claim, one.before, one.after) for one in found.verdicts] == [
        ("lower", "SUPPORTED", "INCONCLUSIVE")
    ]
    (after / "pooled/verdicts.json").write_text("[]", encoding="utf-8")
    assert compare(before, after).verdicts[0].after == ""


def test_a_study_of_another_name_is_matched_by_what_its_numbers_are(before, tmp_path):
    after = run(tmp_path / "b/other", config=CONFIG | {"study": "other"})
    table = results.read(after / "pooled/results.parquet")
    table["study"] = "other"
    results.write(table, after / "pooled/results.parquet")
    assert not compare(before, after).anything_moved


@pytest.mark.parametrize("folder", ["a", "a/demo/pooled", "nowhere"])
def test_a_wrong_folder_is_told_with_what_to_give(before, tmp_path, folder):
    with pytest.raises(DataError) as caught:
        compare(before, tmp_path / folder)
    assert str(tmp_path / folder) in str(caught.value)
    told = "name one: " if folder == "a" else "such as results/synthetic"
    assert told in str(caught.value)


def test_the_command_says_what_moved_and_ends_with_a_number(before, tmp_path, capsys):
    same, moved = run(tmp_path / "b/demo"), tmp_path / "c/demo"
    run(moved, estimate=-0.45, raw="da7b", config=with_lod(12), verdict="REFUTED", more=["k"])
    assert main(["compare", str(before), str(same)]) == 0
    assert "Nothing moved." in capsys.readouterr().out
    written = tmp_path / "moved.json"
    assert main(["compare", str(before), str(moved), "--json", str(written)]) == 1
    out = capsys.readouterr().out
    places = [out.index(text) for text in (
        "Verdicts that changed", "What differs", "Numbers that moved", "Appeared (only in B)",
    )]  # fmt: skip
    assert places == sorted(places)
    assert "tables of clinic: da7a → da7b" in out
    assert "cohorts.clinic.analyte.lod: 15 → 12" in out
    found = json.loads(written.read_text(encoding="utf-8"))
    assert found["verdicts"][0]["after"] == "REFUTED"
    assert found["moved"][0]["why"] == ["data", "configuration"]
    assert main(["compare", str(before), str(tmp_path / "nowhere")]) == 2
    assert "is not there" in capsys.readouterr().err
