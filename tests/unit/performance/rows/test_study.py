"""The stage as a whole: what is refused, what is stored, and that nothing hangs on the machine."""

from dataclasses import replace

import pandas as pd
import pytest
from pyarrow.parquet import ParquetFile

from builders import POOLED
from igfmood import results
from igfmood.performance import one_cohort, stored
from igfmood.performance.cross_validation import write_failure
from igfmood.performance.splits import CROSS_VALIDATION, VALIDATION
from igfmood.performance.study import Within, validate_study
from unit.performance.rows.worlds import cohort_of, cross_validated, run, study_of


def test_refused_cohorts_have_rows_with_the_reason(refused):
    for model in ("logistic", "elastic_net"):
        found = refused.of(measure="auc", adjustment="analyte", model=model)
        rows = found.set_index(["cohort", "analysis"])
        assert rows.loc[("a", CROSS_VALIDATION), "status"] == "ok"
        assert rows.loc[("a", VALIDATION), "reason"] == "no other cohort can build the model"
        for analysis in (CROSS_VALIDATION, VALIDATION):
            assert rows.loc[("b", analysis), "reason"] == "too few people (mdd): 5 < 20"
        assert "c" not in found["cohort"].tolist()


def test_every_cohort_has_its_main_number_for_every_model_whatever_its_status(refused):
    table = results.select(
        refused.rows, measure="auc", analysis=[CROSS_VALIDATION, VALIDATION], cohort=["a", "b"],
        stratum="all",
    )  # fmt: skip
    counts = table.groupby(["cohort", "analysis", "target", "model", "adjustment"]).size()
    assert (counts == 1).all()
    assert len(counts) == 2 * 2 * 2 * 2 * 3
    added = results.select(
        refused.rows, measure="delta_auc", cohort=["a", "b"], model="logistic", term="over base",
        stratum="all",
    )  # fmt: skip
    assert len(added) == 2 * 2 * 2


def test_one_cohort_alone_is_not_pooled_and_says_so(refused):
    pooled = refused.of(cohort="pooled", measure="auc", analysis=[CROSS_VALIDATION, VALIDATION])
    assert (pooled["status"] == "not_estimable").all()
    assert len(pooled) == 2 * 2 * 3
    assert (pooled["reason"] != "").all()


def test_a_task_that_no_cohort_can_answer_has_rows_too_and_no_predictions(refused):
    found = results.select(refused.rows, target="bipolar", analysis=CROSS_VALIDATION)
    assert set(found["cohort"]) == {"a", "b", "pooled"}
    assert (found["status"] == "not_estimable").all()
    assert set(refused.stored["task"]) == {"depression"}
    assert set(refused.stored["held_out"]) == {"a"}


def test_every_row_is_there_once_and_is_a_number_or_a_reason(whole, gaps, refused):
    for world in (whole, gaps, refused):
        rows = world.rows
        assert rows["result_id"].is_unique
        assert rows[list(results.KEYS)].equals(
            rows[list(results.KEYS)].sort_values(list(results.KEYS), ignore_index=True)
        )
        done = rows["status"] == "ok"
        assert done.sum() > 50
        assert rows.loc[done, "estimate"].notna().all()
        assert (rows.loc[done, "method"] != "").all()
        assert rows.loc[~done, "estimate"].isna().all()
        assert (rows.loc[~done, "reason"] != "").all()
        # Percentiles, and a profile of tau2, need not hold what they belong to.
        free = rows["measure"].isin(["observed", "tau2"])
        with_interval = rows[done & rows["ci_low"].notna() & ~free]
        assert (with_interval["ci_low"] <= with_interval["estimate"] + 1e-12).all()
        assert (with_interval["estimate"] <= with_interval["ci_high"] + 1e-12).all()


def test_everybody_is_predicted_once_in_each_draw_by_every_model(whole):
    keys = ["analysis", "task", "model", "tier", "held_out", "repeat", "imputation", "of"]
    assert not whole.stored.duplicated([*keys, "participant"]).any()
    assert whole.stored["p"].between(0, 1).all()
    sizes = whole.predictions(analysis=VALIDATION, tier="base").groupby("held_out").size()
    assert sizes.to_dict() == {"a": 130, "b": 130, "c": 130}
    within = whole.predictions(analysis=CROSS_VALIDATION, tier="base", held_out="a")
    assert within.groupby("repeat")["fold"].nunique().tolist() == [3, 3]
    assert within.groupby(["repeat", "participant"]).size().max() == 1
    compared = whole.stored[whole.stored["model"] == "elastic_net"]
    assert set(compared["repeat"]) == {0}


def test_what_is_stored_of_people_is_what_the_tables_say(whole):
    table = whole.tables["b"].set_index("participant_id")
    one = whole.predictions(analysis=VALIDATION, tier="base", held_out="b").set_index("participant")
    assert (table.loc[one.index, "diagnosis"].eq("mdd").astype(int) == one["y"]).all()
    event = whole.predictions(
        task="incident_depression", model="cox", analysis=VALIDATION, tier="base", held_out="b"
    ).set_index("participant")
    assert (table.loc[event.index, "incident_depression"].astype(int) == event["y"]).all()
    assert table.loc[event.index, "followup_years"].to_numpy() == pytest.approx(
        event["time"].to_numpy(), rel=1e-6
    )


def test_people_of_a_task_are_counted_on_their_way(whole, gaps):
    for world, task, n in ((whole, "depression", 130), (whole, "diagnosis", 175),
                           (gaps, "depression", 130)):  # fmt: skip
        found = world.of(analysis="prediction_people", target=task, cohort="a", stratum="")
        assert found.set_index("term")["estimate"].to_dict() == {
            "first visit": 175, "with outcome": n, "used": n,
        }  # fmt: skip


@pytest.fixture(scope="module")
def small():
    """Two cohorts and one of many tasks: quick enough to be run again and again."""
    study = study_of("a", "b", prediction={"models": ["logistic"]})
    return study, {"b": cohort_of(1, control=50, mdd=40), "a": cohort_of(2, control=50, mdd=40)}


def test_processes_and_the_order_of_cohorts_change_no_byte(small, tmp_path):
    study, tables = small
    ways = {"one": {}, "two": {"processes": 2}, "turned": {"order": lambda n: sorted(n)[::-1]}}
    for name, way in ways.items():
        run(tmp_path / name, study, tables, **way)
    for name in ("two", "turned"):
        for file in ("results.parquet", "predictions.parquet"):
            expected = (tmp_path / "one" / file).read_bytes()
            assert (tmp_path / name / file).read_bytes() == expected, (name, file)


def test_what_is_cross_validated_in_a_cohort_knows_of_no_other(small, tmp_path):
    study, tables = small
    alone = study.model_copy(update={"cohorts": [study.cohort("a")]})
    tables["a"].to_parquet(tmp_path / "a")
    among = cross_validated(tmp_path, study, "a")
    expected = [path.read_bytes() for path in (among.results, among.predictions)]
    found = cross_validated(tmp_path, alone, "a")
    assert [path.read_bytes() for path in (found.results, found.predictions)] == expected


def test_a_cohort_that_shares_people_is_left_out_of_every_analysis_with_the_reason(small, tmp_path):
    study, tables = small
    world = run(tmp_path, study, tables, left_out={"b": "the same people as a"})
    rows = results.select(world.rows, cohort="b")
    assert set(rows["analysis"]) == {CROSS_VALIDATION, VALIDATION}
    assert set(rows["reason"]) == {"the same people as a"}
    assert rows.groupby(["analysis", "adjustment", "measure"]).ngroups == 2 * (3 + 1)
    assert set(world.stored["held_out"]) == {"a"}


def test_a_cohort_whose_cross_validation_breaks_down_has_the_reason_for_every_model(
    small, tmp_path
):
    study, _ = small
    places = tmp_path / "results.parquet", tmp_path / "predictions.parquet"
    write_failure("singular matrix", study, replace(POOLED, cohort="a"), *places)
    rows = results.read(places[0])
    assert set(rows["reason"]) == {"singular matrix"}
    assert rows["status"].value_counts().to_dict() == {"failed": 1, "not_estimable": 3 + 1}
    assert set(rows["cohort"]) == {"a"}
    assert len(pd.read_parquet(places[1])) == 0


@pytest.mark.parametrize("analysis", [CROSS_VALIDATION, VALIDATION])
def test_a_task_that_breaks_down_in_one_cohort_is_told_and_the_others_go_on(
    small, tmp_path, monkeypatch, analysis
):
    study, tables = small
    add_measures = one_cohort._add_measures

    def broken(rows, found, of):
        if (of.cohort, of.analysis) == ("a", analysis):
            raise ValueError("array must not contain infs")
        add_measures(rows, found, of)

    monkeypatch.setattr(one_cohort, "_add_measures", broken)
    world = run(tmp_path, study, tables)
    failed = results.select(world.rows, status="failed")
    assert failed[["cohort", "analysis", "term", "reason"]].to_numpy().tolist() == [
        ["a", analysis, "depression", "depression: ValueError: array must not contain infs"]
    ]
    auc = results.select(world.rows, analysis=analysis, measure="auc", stratum="all")
    by_cohort = auc.groupby("cohort")["status"].unique()
    assert list(by_cohort["a"]) == ["not_estimable"]
    assert list(by_cohort["b"]) == ["ok"]
    stored_of = world.stored[world.stored["analysis"] == analysis]
    assert set(stored_of["held_out"]) == {"b"}


@pytest.mark.parametrize("left_out", [{}, {"a": "the same people as b"}])
def test_the_others_are_validated_where_cross_validation_of_one_broke_down(
    small, tmp_path, left_out
):
    study, tables = small
    run(tmp_path, study, tables, left_out=left_out)
    broken = Within(tmp_path / "a.within.parquet", tmp_path / "a.predictions.parquet")
    write_failure(
        "singular matrix", study, replace(POOLED, cohort="a"), broken.results, broken.predictions
    )
    within = {
        name: Within(tmp_path / f"{name}.within.parquet", tmp_path / f"{name}.predictions.parquet")
        for name in tables
    }
    paths = {name: tmp_path / name for name in tables}
    places = tmp_path / "results.parquet", tmp_path / "predictions.parquet"
    validate_study(study, paths, within, tmp_path / "overlap.json", POOLED, *places)
    rows = results.read(places[0])
    failed = results.select(rows, status="failed")
    assert failed["cohort"].tolist() == ["a"]
    of_b = results.select(rows, cohort="b", analysis=CROSS_VALIDATION, measure="auc", status="ok")
    assert len(of_b) > 0


def test_another_seed_gives_other_folds(small, tmp_path):
    study, tables = small
    found = [
        run(tmp_path / str(seed), study.model_copy(update={"seed": seed}), tables)
        .predictions(analysis=CROSS_VALIDATION, tier="base", held_out="a")["fold"].tolist()
        for seed in (1, 2)
    ]  # fmt: skip
    assert found[0] != found[1]


def test_rows_that_are_written_in_many_groups_are_the_same(small, tmp_path, monkeypatch):
    study, tables = small
    expected = run(tmp_path / "whole", study, tables).stored
    monkeypatch.setattr(stored, "_AT_ONCE", 100)
    found = run(tmp_path / "parts", study, tables).stored
    pd.testing.assert_frame_equal(found, expected)
    groups = [
        ParquetFile(tmp_path / name / "predictions.parquet").num_row_groups
        for name in ("whole", "parts")
    ]
    assert groups[0] == 1 < groups[1]


def test_files_of_cohorts_are_gone_at_the_end_those_of_a_broken_run_too(small, tmp_path):
    study, tables = small
    for name in ("predictions.parquet", "a.predictions.parquet"):
        (tmp_path / f"{name}.99.of").write_text("left by a job that was killed")
    run(tmp_path, study, tables)
    assert not list(tmp_path.glob("*.of"))
