"""What a careful reader asks of a scored table: no impossible value, nobody lost, plain words."""

import pandas as pd
import pytest

from igfmood.cli import main
from igfmood.performance.frozen.document import read_model
from igfmood.performance.frozen.score import FARTHEST
from unit.performance.frozen.studies import CANONICAL, OTHER, apply, configured, other_table, row


def rows(*changes):
    """Return a table of people, as CSV; all have the same columns."""
    lines = [row(**one).splitlines() for one in changes]
    return "\n".join([lines[0][0], *(line[1] for line in lines)]) + "\n"


# ---- Values of the analyte ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "value"),
    [
        ({"igf1_value": "160", "igf1_unit": "nmol/L"}, "160"),
        ({"igf1_value": "15"}, "15"),
        ({"igf1_value": "<8"}, "<8 ng/mL"),
    ],
)
def test_one_value_that_cannot_be_is_refused_though_no_column_contradicts_its_unit(
    world, tmp_path, capsys, cells, value
):
    scored, refused, *_ = apply(world, row(**cells), tmp_path, tier="analyte", code=1)
    assert scored.empty
    assert refused["row"].tolist() == [1]
    assert refused["column"].tolist() == ["igf1_value"]
    assert str(refused["value"][0]) == value
    assert "more than 5 SD from people of the same age and sex" in refused["reason"][0]
    assert "check value and unit" in refused["reason"][0]
    assert "160" not in capsys.readouterr().out


def test_an_unusual_score_is_flagged_and_a_usual_one_is_not(world, tmp_path):
    known = read_model(world.model("analyte")).score.distribution
    values = [60, 90, 150, 220, 330, 420]
    table = rows(*({"igf1_value": str(value)} for value in values))
    scored, refused, *_ = apply(world, table, tmp_path, tier="analyte")
    assert len(scored) + len(refused) == len(values)
    assert scored["igf1_sds"].abs().max() <= FARTHEST
    unusual = ~scored["igf1_sds"].between(known.low, known.high)
    assert 0 < unusual.sum() < len(scored)
    assert (
        scored["beyond_training"].fillna("") == unusual.map({True: "igf1_sds", False: ""})
    ).all()


# ---- The outcome ----------------------------------------------------------------------------


@pytest.mark.parametrize("label", ["weird", "psychosis"])
def test_an_outcome_that_cannot_be_read_refuses_nobody(world, tmp_path, capsys, label):
    table = world.tables["first"][CANONICAL].copy()
    before, *_, measures = apply(world, table, tmp_path)
    capsys.readouterr()
    table.loc[[0, 5], "diagnosis"] = label
    scored, refused, _, after = apply(world, table, tmp_path)
    assert refused.empty
    pd.testing.assert_frame_equal(scored, before)
    assert (after["n"] == measures["n"] - 2).all()
    said = " ".join(capsys.readouterr().out.split())
    assert "diagnosis cannot be read in 2 rows (1, 6): scored all the same" in said
    assert label not in said


def test_other_outcomes_refuse_nobody_either(world, tmp_path, capsys):
    table = world.tables["first"][CANONICAL].head(60).astype({"followup_years": object})
    table.loc[3, "followup_years"] = "long"
    for task in ("incident_depression", "diagnosis"):
        scored, refused, *_ = apply(world, table, tmp_path, tier="base", task=task)
        assert len(scored) == 60
        assert refused.empty
        assert "followup_years cannot be read in 1 row (4)" in capsys.readouterr().out


def test_the_outcome_of_a_study_files_table_refuses_nobody(world, tmp_path, capsys):
    _, table = other_table()
    table.loc[7, "Gruppe"] = "seltsam"
    entry = {name: value for name, value in OTHER.items() if name != "include"}
    scored, refused, *_ = apply(world, table, tmp_path, *configured(tmp_path, entry), tier="base")
    assert refused.empty
    assert len(scored) == len(table)
    assert "Gruppe cannot be read in 1 row (8)" in capsys.readouterr().out


# ---- Words ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sex": "m"}, "is no known code: write female or male, or give a study file"),
        ({"sex": "Weiblich"}, "is no known code: write female or male, or give a study file"),
        ({"lithium": "perhaps"}, "is neither yes nor no: write yes or no, or give a study file"),
        ({"igf1_unit": ""}, "is missing: write it, such as ng/mL"),
        ({"igf1_value": ""}, "is needed, and is missing"),
        ({"age_years": "450"}, "is impossible (possible: 0 to 110 years)"),
        ({"igf1_value": "<LOQ"}, "write <9.5, or fill in igf1_below_lod and igf1_lod"),
    ],
)
def test_reasons_advise_what_can_be_done_without_a_study_file(world, tmp_path, changes, words):
    _, refused, *_ = apply(world, rows(changes, {}), tmp_path)
    assert refused["row"].tolist() == [1]
    assert words in refused["reason"][0]
    assert "recode" not in refused["reason"][0]


def test_reasons_of_a_study_files_table_name_its_keys(world, tmp_path):
    _, table = other_table()
    table.loc[2, "Geschlecht"] = "x"
    _, refused, *_ = apply(world, table, tmp_path, *configured(tmp_path), tier="base")
    assert "add it to recode or missing" in refused["reason"][0]


def test_folders_of_the_output_are_made(world, tmp_path):
    (tmp_path / "table.csv").write_text(row(), encoding="utf-8")
    output = tmp_path / "private" / "deep" / "scored.csv"
    arguments = ["apply", str(world.model("base")), str(tmp_path / "table.csv"), "-o", str(output)]
    assert main(arguments) == 0
    assert output.is_file()
