"""A model at work on tables: who is scored, who is refused and why, and what is told of it."""

import numpy as np
import pandas as pd
import pytest
import yaml

from builders import cohort_entry, study_config
from igfmood.cli import main
from igfmood.performance.frozen.document import read_model, write_model
from igfmood.performance.frozen.freeze import fit_frozen
from igfmood.performance.metrics.calibration import observed_expected
from igfmood.performance.metrics.discrimination import auc
from igfmood.performance.standard_score import StandardScore
from unit.performance.frozen.studies import (
    APPLIED_TIERS,
    CANONICAL,
    OTHER,
    PUBLISHED,
    World,
    apply,
    configured,
    data_of,
    model_of,
    other_table,
    row,
    study_of,
    tables_of,
)


@pytest.mark.parametrize("cohort", [None, "first"])
@pytest.mark.parametrize("tier", APPLIED_TIERS)
def test_a_table_is_scored_as_the_pipeline_would(world, tmp_path, tier, cohort):
    table = world.tables["first"]
    options = ["--cohort", cohort] if cohort else []
    scored, refused, *_ = apply(world, table[CANONICAL], tmp_path, *options, tier=tier)
    mine = world.data.people.take(world.data.people.cohort == "first")
    places = pd.Series(range(len(table)), index=table["participant_id"])[mine.participant]
    scored = scored.set_index("row").loc[places + 1]
    fitted = fit_frozen(world.data, tier, world.study).frozen
    name = cohort or "elsewhere"
    names = np.full(len(mine), name)
    sds = fitted.scores(mine.measured.assign(cohort=name))
    linear = fitted.linear(mine.predictors, sds, names)
    np.testing.assert_allclose(scored["risk"], fitted.probability(linear), rtol=0, atol=1e-10)
    assert len(refused) == 0
    if tier == "clinical":
        holes = mine.predictors["bmi"].isna().to_numpy()
        assert holes.any()
        assert (scored["filled_in"].fillna("").str.contains("bmi").to_numpy() == holes).all()


@pytest.mark.parametrize(
    ("changes", "column", "reason"),
    [
        ({"age_years": "99"}, "age_years", "far from the ages"),
        ({"age_years": "5"}, "age_years", "far from the ages"),
        ({"age_years": "150"}, "age_years", "impossible"),
        ({"age_years": ""}, "age_years", "nobody is scored without age"),
        ({"sex": ""}, "sex", "nobody is scored without sex"),
        ({"sex": "other"}, "sex", "no known code"),
        ({"bmi": "240"}, "bmi", "impossible"),
        ({"smoking": "cigars"}, "smoking", "no known code"),
        ({"lithium": "perhaps"}, "lithium", "neither yes nor no"),
        ({"igf1_value": ""}, "igf1_value", "is needed, and is missing"),
        ({"igf1_value": "15000"}, "igf1_value", "impossible"),
        ({"igf1_unit": "drops"}, "igf1_unit", "no known unit"),
        ({"igf1_unit": "mU/L"}, "igf1_unit", "knows no ng_per_mu"),
        (
            {"igf1_value": "", "igf1_below_lod": "yes"}, "igf1_value",
            "below a detection limit that is not known",
        ),
    ],
)  # fmt: skip
def test_who_is_outside_is_refused_with_the_reason(world, tmp_path, changes, column, reason):
    two = row(**changes) + ",".join(
        {**dict.fromkeys(changes, ""), "age_years": "45", "sex": "female", "bmi": "24",
         "smoking": "never", "lithium": "no", "igf1_value": "150", "igf1_unit": "ng/mL"}[name]
        for name in row(**changes).splitlines()[0].split(",")
    )  # fmt: skip
    scored, refused, *_ = apply(world, two, tmp_path)
    assert scored["row"].tolist() == [2]
    assert refused["row"].tolist() == [1]
    assert refused["column"].tolist() == [column]
    assert reason in refused["reason"][0]


def test_a_category_that_was_rare_is_refused(tmp_path):
    world = World.__new__(World)
    world.folder, world.study = tmp_path, study_of(tmp_path)
    tables = tables_of()
    for table in tables.values():
        table["smoking"] = table["smoking"].replace("current", "former")
    write_model(
        model_of(world.study, data_of(world.study, tables), "clinical"), world.model("clinical")
    )
    both = row() + row(smoking="current").splitlines()[1]
    _, refused, *_ = apply(world, both, tmp_path)
    assert refused["row"].tolist() == [2]
    assert "knows only never or former" in refused["reason"][0]


def test_every_unit_gives_the_same_risk(world, tmp_path):
    cells = [("150", "ng/mL"), ("150", "µg/L"), (f"{150 / 7.649!r}", "nmol/L"), ("0.15", "mg/L")]
    lines = [row(igf1_value=v, igf1_unit=u).splitlines() for v, u in cells]
    scored, *_ = apply(world, "\n".join([lines[0][0], *(one[1] for one in lines)]), tmp_path)
    assert scored["row"].tolist() == [1, 2, 3, 4]
    np.testing.assert_allclose(scored["risk"], scored["risk"][0], atol=1e-12)


def test_values_below_the_limit_are_scored_from_it(world, tmp_path):
    lines = row(igf1_below_lod="no", igf1_lod="").splitlines()
    lines.append(row(igf1_value=f"{80 / 2**0.5!r}", igf1_below_lod="", igf1_lod="").splitlines()[1])
    lines.append(row(igf1_value="", igf1_below_lod="yes", igf1_lod="80").splitlines()[1])
    lines.append(row(igf1_value="<80", igf1_below_lod="", igf1_lod="").splitlines()[1])
    scored, refused, *_ = apply(world, "\n".join(lines), tmp_path)
    assert refused.empty
    np.testing.assert_allclose(scored["risk"][1:], scored["risk"][1], atol=1e-12)
    assert scored["risk"][0] != scored["risk"][1]


def test_columns_that_are_absent_are_filled_in_or_asked_for(world, tmp_path, capsys):
    scored, *_ = apply(world, row(bmi=None, smoking=None, lithium=None), tmp_path)
    assert scored["filled_in"].tolist() == ["bmi; smoking; lithium"]
    apply(world, row(igf1_unit=None, sex=None), tmp_path, code=1)
    assert "has no column sex, igf1_unit" in capsys.readouterr().err
    scored, *_ = apply(world, row(igf1_value=None, igf1_unit=None), tmp_path, tier="base")
    assert len(scored) == 1


def test_nobody_scored_is_an_error_with_the_reasons_in_a_file(world, tmp_path, capsys):
    scored, refused, *_ = apply(world, row(age_years="99"), tmp_path, code=1)
    assert scored.empty
    assert len(refused) == 1
    captured = capsys.readouterr()
    assert "nobody in" in captured.err
    assert "out_refused.csv" in captured.err
    assert "1 row: 0 scored, 1 refused" in captured.out


def test_wrong_words_are_told(world, tmp_path, capsys):
    two = tmp_path / "two.yaml"
    two.write_text(yaml.safe_dump(study_config(cohort_entry("a"), cohort_entry("b"))), "utf-8")
    for options, words in (
        (["--cohort", "third"], "none that the model was built from: first, second"),
        (["--config", str(two)], "needs --cohort: which of a, b is the table of"),
    ):
        apply(world, row(), tmp_path, *options, code=1)
        assert words in capsys.readouterr().err
    assert main(["apply", str(world.model("base")), "nowhere.csv"]) == 1
    assert "nowhere.csv is not there" in capsys.readouterr().err
    assert main(["apply", "nowhere.json", str(tmp_path / "table.csv")]) == 1
    said = capsys.readouterr().err
    assert "model nowhere.json is not there" in said
    assert "release/models/<task>/<tier>.json" in said


def test_the_console_tells_no_value_of_a_person(world, tmp_path, capsys):
    table = world.tables["first"][CANONICAL].assign(participant_id="SECRET").head(40)
    table.loc[3, "bmi"] = 987.125
    table.loc[4, "sex"] = "unheard-of"
    scored, refused, *_ = apply(world, table, tmp_path)
    assert {"987.125", "unheard-of"} <= set(refused["value"])
    said = capsys.readouterr().out
    assert "40 rows: 38 scored, 2 refused" in said
    assert "people: ≈ 3" in said, "those behind the model are rounded"
    for text in ("SECRET", "987.125", "unheard-of", *scored["risk"].map("{:.4f}".format)):
        assert text not in said
    apply(world, table.head(5), tmp_path)
    assert "+" not in capsys.readouterr().out  # no mean difference of five people


def test_shifts_are_standardised_differences_from_training(world, tmp_path):
    table = world.tables["first"][CANONICAL]
    model = read_model(world.model("clinical"))
    (bmi,) = [one for one in model.inputs if one.name == "bmi"]
    known = bmi.columns["bmi"]
    moved = table.assign(bmi=table["bmi"] + 3)
    scored, _, drift, _ = apply(world, moved, tmp_path)
    there = moved["bmi"].dropna()
    rows = drift.set_index("predictor")
    expected = (there.mean() - known.mean) / np.sqrt((there.var() + known.sd**2) / 2)
    assert rows.loc["bmi", "smd"] == pytest.approx(expected, abs=1e-9)
    assert rows.loc["bmi", "smd"] > 0.5
    assert rows.loc["bmi", "missing"] == pytest.approx(moved["bmi"].isna().mean())
    beyond = ((there < known.low) | (there > known.high)).mean()
    assert rows.loc["bmi", "beyond"] == pytest.approx(beyond)
    assert rows.loc["bmi", "beyond_training"] == pytest.approx(2 * known.level)
    flagged = scored["beyond_training"].fillna("").str.contains("bmi").sum()
    assert flagged == round(beyond * len(there))
    assert abs(rows.loc["igf1_sds", "smd"]) < 0.3
    assert "linear predictor" in rows.index


def test_performance_is_that_of_the_measures_where_the_outcome_is_known(world, tmp_path):
    table = world.tables["second"][CANONICAL]
    scored, _, _, measures = apply(world, table, tmp_path)
    diagnosis = table["diagnosis"].to_numpy()[scored["row"] - 1]
    known = np.isin(diagnosis, ["control", "mdd"])
    y, p = (diagnosis == "mdd")[known].astype(float), scored["risk"].to_numpy()[known]
    found = measures.set_index("name")
    assert found.loc["AUC", "estimate"] == pytest.approx(auc(y, p), abs=1e-12)
    ratio = observed_expected(y, p)
    assert found.loc["O:E", "ci_low"] == pytest.approx(np.exp(ratio.ci_low), abs=1e-12)
    assert (found["n_events"] == y.sum()).all()
    assert set(found.index) == {"O:E", "calibration intercept", "calibration slope", "AUC"}
    few = table[table["diagnosis"] != "mdd"]
    *_, measures = apply(world, few, tmp_path)
    assert measures[["estimate", "n", "n_events"]].isna().all(axis=None)
    assert measures["reason"].str.contains("fewer than 10 people of a class").all()


@pytest.mark.parametrize(
    ("task", "names", "columns"),
    [
        ("incident_depression", {"O:E", "C index"}, ["risk"]),
        ("diagnosis", {"M index (Hand-Till)"}, ["risk_control", "risk_mdd", "risk_bipolar"]),
    ],
)
def test_events_to_come_and_several_classes(world, tmp_path, task, names, columns):
    scored, _, _, measures = apply(
        world, world.tables["first"][CANONICAL], tmp_path, tier="base", task=task
    )
    assert [name for name in scored if name.startswith("risk")] == columns
    if len(columns) > 1:
        np.testing.assert_allclose(scored[columns].sum(axis=1), 1)
    assert set(measures["name"]) == names
    assert measures["estimate"].notna().all()


# ---- Tables of another study ----------------------------------------------------------------


def test_a_model_of_one_study_scores_a_table_of_another(world, tmp_path, capsys):
    plain, table = other_table()
    table.loc[0, "schwanger"] = "yes"
    table = pd.concat([table, table.iloc[[5]].assign(Besuch=1)], ignore_index=True)
    scored, refused, _, measures = apply(world, table, tmp_path, *configured(tmp_path), tier="base")
    assert "average intercept" in capsys.readouterr().out  # not those of the model's own "second"
    assert refused["row"].tolist() == [1, 81]
    assert refused["value"].tolist() == ["pregnancy", "1"]
    assert "leaves the row out" in refused["reason"][0]
    assert "not the first visit" in refused["reason"][1]
    assert len(measures) == 4
    canonical, *_ = apply(world, plain[[c for c in CANONICAL if c in plain]], tmp_path, tier="base")
    np.testing.assert_allclose(scored["risk"], canonical["risk"][1:], atol=1e-12)
    spline, *_ = apply(world, table, tmp_path, *configured(tmp_path), tier="analyte")
    canonical, *_ = apply(
        world, plain[[c for c in CANONICAL if c in plain]], tmp_path, tier="analyte"
    )
    np.testing.assert_allclose(spline["risk"], canonical["risk"][1:], atol=1e-10)


def test_new_people_have_no_outcome_and_no_visits_yet(world, tmp_path, capsys):
    _, table = other_table()
    bare = table.drop(columns=["Gruppe", "Besuch", "schwanger", "Pat"])
    scored, refused, _, measures = apply(world, bare, tmp_path, *configured(tmp_path), tier="base")
    assert len(scored) == 80
    assert refused.empty
    assert measures is None
    assert "rule 'groups' is not applied: the table has no diagnosis" in capsys.readouterr().out


def test_the_cohort_of_the_models_own_study_keeps_its_curve(world, tmp_path, capsys):
    table = world.tables["second"]
    entry = cohort_entry(
        "second", table="gone.csv",
        columns={"participant_id": "participant_id", "age_years": "age_years", "sex": "sex",
                 "bmi": "bmi"},
        analyte={"column": "igf1_value", "unit": "ng/mL", "batch": "igf1_batch"},
        diagnosis=None,
    )  # fmt: skip
    measured = table[~table["igf1_below_lod"]]
    options = configured(tmp_path, entry, study="demo")
    by_config, *_ = apply(world, measured, tmp_path, *options, tier="analyte")
    assert "people of second" in capsys.readouterr().out
    canonical, *_ = apply(
        world, measured[CANONICAL], tmp_path, "--cohort", "second", tier="analyte"
    )
    np.testing.assert_allclose(by_config["risk"], canonical["risk"], atol=1e-12)


def test_a_published_curve_of_the_entry_is_used(world, tmp_path):
    (tmp_path / "life.csv").write_text(PUBLISHED)
    plain, table = other_table()
    entry = {**OTHER, "reference": {"table": "life.csv", "unit": "ng/mL"}}
    options = configured(tmp_path, entry, data_root=str(tmp_path))
    scored, *_ = apply(world, table, tmp_path, *options, tier="analyte")
    study = study_of(tmp_path, reference={"table": "life.csv", "unit": "ng/mL"})
    curve = fit_frozen(data_of(study, tables_of()), "analyte", study).frozen.score
    assert isinstance(curve, StandardScore)
    expected = curve.learned_["first"].curve.sds(
        plain["igf1_value"].to_numpy(), plain["age_years"].to_numpy(),
        (plain["sex"] == "female").to_numpy(float),
    )  # fmt: skip
    np.testing.assert_allclose(scored["igf1_sds"], expected, atol=1e-9)


def test_another_analyte_or_cohort_is_refused(world, tmp_path, capsys):
    _, table = other_table()
    crp = configured(
        tmp_path, OTHER, analyte={"name": "crp", "unit": "mg/L", "molar_mass": 115_000}
    )
    apply(world, table, tmp_path, *crp, tier="base", code=1)
    assert "the model is of igf1" in capsys.readouterr().err
    options = configured(tmp_path)
    apply(world, table, tmp_path, *options[:3], "first", tier="base", code=1)
    assert "has no cohort 'first'; it has second" in capsys.readouterr().err
    apply(world, table.drop(columns="IGF"), tmp_path, *options, code=1)
    assert "has no column IGF" in capsys.readouterr().err


def test_joined_tables_must_be_beside_the_table(world, tmp_path, capsys):
    _, table = other_table()
    root = tmp_path / "data"
    root.mkdir()
    table[["Pat", "BMI"]].to_csv(root / "lab.csv", index=False)
    entry = {**OTHER, "join": [{"table": "lab.csv", "key": "Pat"}]}
    options = configured(tmp_path, entry, data_root=str(root))
    apply(world, table.drop(columns="BMI"), tmp_path, *options, tier="base", code=1)
    assert "put table.csv below that folder too" in capsys.readouterr().err
    options = configured(tmp_path, entry, data_root=str(tmp_path))
    (root / "lab.csv").rename(tmp_path / "lab.csv")
    scored, *_ = apply(world, table.drop(columns="BMI"), tmp_path, *options, tier="base")
    assert scored["filled_in"].isna().all()
