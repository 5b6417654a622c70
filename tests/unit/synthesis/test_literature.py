"""The published layer as results: every study a row, who is pooled with whom, a broken table."""

import csv
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy.optimize import brentq
from scipy.stats import chi2, norm

from builders import POOLED, cohort_entry, result_table, study_config
from igfmood import results
from igfmood.config.load import parse_study
from igfmood.errors import ConfigError, DataError
from igfmood.evidence.closing import check_complete, closing_lines
from igfmood.evidence.study import Fixed, judge_study
from igfmood.results import Rows
from igfmood.synthesis.literature import add_literature, refuse_unreadable
from igfmood.synthesis.published.choose import TARGETS, choose
from igfmood.synthesis.published.effects import effects
from igfmood.synthesis.published.pool import pool_published, pool_with_cohorts
from igfmood.synthesis.published.read import COLUMNS, read_published
from igfmood.synthesis.small_study import egger_test, trim_and_fill
from igfmood.synthesis.study import SynthesisInputs, synthesise

COMMITTED = Path(__file__).resolve().parents[3] / "config" / "published_evidence.csv"
#: A whole row, which the rows of the tests are laid over.
ROW = {
    "year": 2001, "doi": "10.1000/x", "target": "depression", "cases": "major depression",
    "matrix": "serum", "given": "d", "n_case": 30, "n_control": 40, "checked": "abstract",
}  # fmt: skip
#: Two papers of one centre, culture, a study without numbers, another diagnosis, three alone.
STUDIES = [
    {"study": "Large", "overlap_group": "centre", "n_case": 300, "value": 0.5},
    {"study": "Small", "overlap_group": "centre", "value": 0.9},
    {"study": "Culture", "matrix": "culture_supernatant", "value": 2.5},
    {"study": "Silent", "given": "none", "reason": "only says no difference"},
    {"study": "Psychosis", "target": "psychosis", "value": 0.3},
    {"study": "Nesda", "overlap_group": "nesda", "n_case": 900, "n_control": 800, "value": 0.1},
    {"study": "Lone", "value": 0.8, "doi": "", "pmid": "123"},
    {"study": "Bipolar", "target": "bipolar", "value": 0.2},
    {"study": "Nesda bipolar", "overlap_group": "nesda", "target": "bipolar", "value": 0.6},
]
OWN = {"analysis": "contrast", "exposure": "igf1_sds", "model": "linear", "stratum": "all",
       "adjustment": "adjusted", "measure": "smd"}  # fmt: skip


@pytest.fixture
def table(tmp_path):
    """Return a function that writes published studies and gives the path."""

    def write(rows=STUDIES):
        path = tmp_path / "published.csv"
        with path.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, COLUMNS)
            writer.writeheader()
            for row in rows:
                writer.writerow({**ROW, "overlap_group": row["study"], **row})
        return path

    return write


def make(path, *, same=None, **changes):
    """Study with cohorts a, b and c, of which some have been published."""
    same = same or {}
    entries = [cohort_entry(name, published_as=same.get(name)) for name in "abc"]
    evidence = None if path is None else str(path)
    return parse_study(study_config(*entries, published_evidence=evidence, **changes))


def own(target="depression", cohorts="abc"):
    values = {"a": (-0.2, 0.1), "b": (0.15, 0.2), "c": (0.4, 0.15)}
    return [
        {**OWN, "cohort": name, "target": target, "estimate": values[name][0],
         "se": values[name][1], "n": 100}
        for name in cohorts
    ]  # fmt: skip


def written(study, rows=(), level=0.95):
    found = Rows(results.Source("demo", results.POOLED, 1, "c0de", "da7a", level))
    add_literature(found, result_table(*rows), study)
    return found.table()


def studies(table):
    return table[table["model"].isin(["enters", "apart"])].set_index("stratum")


def synthesis(table, target, layer, measure="smd", term=""):
    found = results.select(
        table, model="synthesis", target=target, stratum=layer, measure=measure, term=term
    )
    assert len(found) == 1
    return found.iloc[0]


def check_fit(table, target, layer, fit):
    row = synthesis(table, target, layer)
    assert row["status"] == "ok"
    names = ("se", "ci_low", "ci_high", "p", "df")
    assert [row["estimate"], *(row[name] for name in names)] == pytest.approx(
        [fit.mu, *(getattr(fit, name) for name in names)], rel=1e-12
    )
    predicted = synthesis(table, target, layer, term="prediction_interval")
    assert [predicted["ci_low"], predicted["ci_high"]] == pytest.approx([fit.pi_low, fit.pi_high])
    for measure, value in (("k", fit.k), ("i2", fit.i2), ("tau2", fit.tau2)):
        assert synthesis(table, target, layer, measure, "smd")["estimate"] == pytest.approx(value)


def by_hand(path, labels):
    """Synthesis of the studies with these labels, whatever the choice says."""
    found = {e.study.study: e.smd for e in effects(read_published(path))}
    yi = [found[label].estimate for label in labels]
    ses = [found[label].se for label in labels]
    return yi, ses


# ---- every study a row --------------------------------------------------------------------------


def test_no_table_writes_nothing():
    assert written(make(None), own()).empty


def test_every_study_of_the_committed_table_is_one_row():
    found = studies(written(make(COMMITTED)))
    papers = read_published(COMMITTED)
    assert sorted(found.index) == sorted(paper.study for paper in papers)
    assert found["target"].to_dict() == {paper.study: paper.target for paper in papers}
    for choice in choose(effects(papers)):
        row = found.loc[choice.effect.study.study]
        assert (row["model"] == "enters") == choice.enters
        assert (row["status"] == "ok") == (choice.effect.smd is not None)
        if choice.effect.smd is None:
            assert row["reason"] == choice.effect.reason
        elif not choice.enters:
            assert row["method"].endswith(f"; not pooled: {choice.reason}")


def test_a_study_that_enters_has_its_effect_a_normal_interval_and_its_source(table):
    path = table()
    found = studies(written(make(path), level=0.9))
    smd = next(e.smd for e in effects(read_published(path)) if e.study.study == "Large")
    row, reach = found.loc["Large"], norm.ppf(0.95) * smd.se
    assert [row["estimate"], row["se"], row["ci_low"], row["ci_high"]] == pytest.approx(
        [smd.estimate, smd.se, smd.estimate - reach, smd.estimate + reach], rel=1e-12
    )
    assert (row["n"], row["n_events"], row["exposure"]) == (340, 300, "igf1")
    assert row["method"] == f"{smd.method}; serum; 10.1000/x"
    assert found.loc["Lone", "method"].endswith("; serum; 123")


def test_those_apart_carry_the_reason(table):
    found = studies(written(make(table())))
    assert found["model"].to_dict() == {
        "Large": "enters", "Small": "apart", "Culture": "apart", "Silent": "apart",
        "Psychosis": "apart", "Nesda": "enters", "Lone": "enters", "Bipolar": "enters",
        "Nesda bipolar": "enters",
    }  # fmt: skip
    for label, words in (
        ("Small", "not pooled: may share participants with Large, which enters with n = 340"),
        ("Culture", "not pooled: measured in culture supernatant, which is never pooled"),
        ("Psychosis", "not pooled: not one of the diagnoses in question"),
    ):
        assert found.loc[label, "status"] == "ok"
        assert words in found.loc[label, "method"]
    assert found.loc["Silent", "status"] == "not_estimable"
    assert found.loc["Silent", "reason"] == "only says no difference"


# ---- the published alone ------------------------------------------------------------------------


@pytest.mark.parametrize("target", TARGETS)
def test_the_committed_studies_are_pooled_as_by_pool_published(target):
    expected = pool_published(choose(effects(read_published(COMMITTED))), target).fit
    check_fit(written(make(COMMITTED)), target, "published", expected)


def test_invented_cohorts_are_not_pooled_with_published_studies(table):
    path = table()
    found, real = (written(make(path, synthetic=one), own()) for one in (True, False))
    row = synthesis(found, "depression", "both")
    assert row["status"] == "not_estimable"
    assert row["reason"] == "the cohorts are invented: published studies are not pooled with them"
    for layer in ("published", "own cohorts"):
        one, other = (synthesis(each, "depression", layer) for each in (found, real))
        assert one["estimate"] == other["estimate"]


def test_culture_and_overlapping_studies_are_in_no_pooled_number(table):
    path = table()
    found = written(make(path), own())
    yi, ses = by_hand(path, ["Large", "Nesda", "Lone"])
    alone = pool_with_cohorts((), "depression", ["x", "y", "z"], yi, ses).fit
    check_fit(found, "depression", "published", alone)
    with_them = pool_with_cohorts(
        (), "depression", "abcxyz", [*yi, -0.2, 0.15, 0.4], [*ses, 0.1, 0.2, 0.15]
    ).fit
    check_fit(found, "depression", "both", with_them)


def test_tau2_has_its_q_profile_interval(table):
    path = table()
    row = synthesis(written(make(path)), "depression", "published", "tau2", "smd")
    yi, ses = (np.array(x) for x in by_hand(path, ["Large", "Nesda", "Lone"]))

    def excess(tau2, tail):
        w = 1 / (ses**2 + tau2)
        return np.sum(w * (yi - w @ yi / w.sum()) ** 2) - chi2.ppf(tail, 2)

    for limit, tail in (("ci_low", 0.975), ("ci_high", 0.025)):
        root = brentq(excess, 0, 1e4, args=(tail,), xtol=1e-14)
        assert row[limit] == pytest.approx(root, rel=1e-7)
    assert row["ci_low"] > 0


def test_one_study_is_no_synthesis_and_says_so(table):
    path = table([STUDIES[0], STUDIES[1], STUDIES[2]])
    found = written(make(path))
    row = synthesis(found, "depression", "published")
    assert (row["status"], row["reason"]) == (
        "not_estimable", "only one study of depression: Large; a synthesis needs at least 2",
    )  # fmt: skip
    assert synthesis(found, "bipolar", "published")["reason"].startswith("no study of bipolar")
    assert "small_studies" not in set(found["model"])


def test_few_studies_are_said_to_hinge_on_tau2(table):
    many = [{"study": f"S{k}", "value": 0.1 * k} for k in range(5)]
    few = written(make(table(many[:4])))
    assert (
        "4 studies: the interval hinges on tau2"
        in (synthesis(few, "depression", "published")["method"])
    )
    enough = written(make(table(many)))
    assert "hinges" not in synthesis(enough, "depression", "published")["method"]


@pytest.mark.parametrize("k", [9, 10])
def test_small_published_studies_are_looked_for_from_ten_on(table, k):
    many = [
        {"study": f"S{place}", "n_case": 20 + 15 * place, "n_control": 300 + place,
         "value": 0.9 - 0.05 * place + 0.1 * (-1) ** place}
        for place in range(k)
    ]  # fmt: skip
    path = table(many)
    found = results.select(written(make(path)), model="small_studies").set_index("stratum")
    yi, ses = by_hand(path, [row["study"] for row in many])
    if k < 10:
        assert found.index.tolist() == ["Egger", "trim and fill"]
        assert found["reason"].str.endswith("k = 9 < 10").all()
        return
    assert found.index.tolist() == ["Egger", "Egger asymmetry", "trim and fill"]
    egger, filled = egger_test(yi, np.square(ses)), trim_and_fill(yi, np.square(ses))
    assert found.loc["Egger", "estimate"] == pytest.approx(egger.limit)
    assert found.loc["Egger asymmetry", "p"] == pytest.approx(egger.p)
    assert found.loc["trim and fill", "estimate"] == pytest.approx(filled.pooled.mu)


# ---- beside the cohorts -------------------------------------------------------------------------


def test_own_cohorts_are_pooled_alone_and_with_the_published(table):
    path = table()
    found = written(make(path), own())
    choices = choose(effects(read_published(path)))
    values = ["a", "b", "c"], [-0.2, 0.15, 0.4], [0.1, 0.2, 0.15]
    check_fit(found, "depression", "own cohorts", pool_with_cohorts((), "depression", *values).fit)
    check_fit(found, "depression", "both", pool_with_cohorts(choices, "depression", *values).fit)
    assert synthesis(found, "depression", "both", "k", "smd")["estimate"] == 6


def test_the_three_syntheses_have_the_level_of_the_source(table):
    path = table()
    found = written(make(path), own(), level=0.8)
    choices = choose(effects(read_published(path)))
    values = ["a", "b", "c"], [-0.2, 0.15, 0.4], [0.1, 0.2, 0.15]
    for layer, which, cohorts in (
        ("published", choices, ((), (), ())), ("own cohorts", (), values), ("both", choices, values)
    ):  # fmt: skip
        fit = pool_with_cohorts(which, "depression", *cohorts, level=0.8).fit
        check_fit(found, "depression", layer, fit)


def test_only_the_adjusted_number_of_all_people_stands_for_a_cohort(table):
    path = table()
    others = [
        {**row, **change}
        for row in own()
        for change in ({"adjustment": "unadjusted"}, {"stratum": "complete_cases"},
                       {"measure": "log_vr", "model": "variance"})
    ]  # fmt: skip
    found, alone = written(make(path), [*own(), *others]), written(make(path), own())
    assert found["result_id"].tolist() == alone["result_id"].tolist()
    assert found["estimate"].equals(alone["estimate"])


def test_one_cohort_is_no_synthesis_of_its_own_but_joins_the_published(table):
    path = table()
    found = written(make(path), own(cohorts="a"))
    assert "only one study of depression" in synthesis(found, "depression", "own cohorts")["reason"]
    expected = pool_with_cohorts(
        choose(effects(read_published(path))), "depression", ["a"], [-0.2], [0.1]
    )
    check_fit(found, "depression", "both", expected.fit)


def test_a_target_that_is_no_task_has_the_published_alone(table):
    tasks = [{"name": "depression", "label": "D", "cases": ["mdd"], "controls": ["control"]}]
    found = results.select(written(make(table(), tasks=tasks), own()), model="synthesis")
    layers = found.groupby("target")["stratum"].agg(set).to_dict()
    assert layers == {
        "bipolar": {"published"}, "depression": {"published", "own cohorts", "both"},
    }  # fmt: skip


def test_a_published_cohort_takes_the_place_of_its_twin_beside_the_cohorts_alone(table):
    path = table()
    with_twin, without = (
        written(make(path, same=same), own()) for same in ({}, {"b": "nesda"})
    )  # fmt: skip
    assert with_twin["result_id"].tolist() == without["result_id"].tolist()
    changed = with_twin[with_twin["estimate"].fillna(0) != without["estimate"].fillna(0)]
    assert set(changed["stratum"]) == {"both"}
    assert set(changed["target"]) == {"depression"}
    choices = choose(effects(read_published(path)), same_people={"nesda": "b"})
    expected = pool_with_cohorts(
        choices, "depression", "abc", [-0.2, 0.15, 0.4], [0.1, 0.2, 0.15]
    )  # fmt: skip
    assert "Nesda" not in expected.labels
    assert expected.fit.k == 5
    check_fit(without, "depression", "both", expected.fit)
    assert studies(without).loc["Nesda", "model"] == "enters"


def test_the_twin_of_a_cohort_that_has_no_number_of_its_own_stays(table):
    # b knows depression and no bipolar disorder: there the paper is all that is left of it.
    path = table()
    rows = [*own(), *own("bipolar", "ac")]
    found = written(make(path, same={"b": "nesda"}), rows)
    assert synthesis(found, "depression", "both", "k", "smd")["estimate"] == 5
    assert synthesis(found, "bipolar", "both", "k", "smd")["estimate"] == 4
    known = written(make(path, same={"b": "nesda"}), [*own(), *own("bipolar")])
    assert synthesis(known, "bipolar", "both", "k", "smd")["estimate"] == 4
    yi, ses = by_hand(path, ["Bipolar", "Nesda bipolar"])
    expected = pool_with_cohorts((), "bipolar", "xyac", [*yi, -0.2, 0.4], [*ses, 0.1, 0.15])
    check_fit(found, "bipolar", "both", expected.fit)


def test_the_twin_of_a_cohort_left_out_for_another_one_is_not_let_in(table):
    # b is not among the results at all: a or c hold its people, who would count twice.
    found = written(make(table(), same={"b": "nesda"}), own(cohorts="ac"))
    assert synthesis(found, "depression", "both", "k", "smd")["estimate"] == 4


# ---- what goes with a synthesis -----------------------------------------------------------------


def test_every_layer_has_its_normal_interval_and_its_test_of_homogeneity(table):
    path = table()
    found = written(make(path), own(), level=0.9)
    alone, values = by_hand(path, ["Large", "Nesda", "Lone"]), ([-0.2, 0.15, 0.4], [0.1, 0.2, 0.15])
    both = tuple([*a, *b] for a, b in zip(alone, values, strict=True))
    for layer, (yi, ses) in (("published", alone), ("own cohorts", values), ("both", both)):
        y, v = np.array(yi), np.square(ses)
        tau2 = synthesis(found, "depression", layer, "tau2", "smd")["estimate"]
        se = np.sum(1 / (v + tau2)) ** -0.5
        mu = np.sum(y / (v + tau2)) * se**2
        row = synthesis(found, "depression", layer, term="normal_interval")
        half = norm.ppf(0.95) * se
        assert [row[name] for name in ("estimate", "se", "ci_low", "ci_high", "p")] == (
            pytest.approx([mu, se, mu - half, mu + half, 2 * norm.sf(abs(mu) / se)], rel=1e-9)
        )
        fixed = np.sum(y / v) / np.sum(1 / v)
        q, row = np.sum((y - fixed) ** 2 / v), synthesis(found, "depression", layer, "q", "smd")
        assert [row["estimate"], row["df"], row["p"]] == pytest.approx(
            [q, len(y) - 1, chi2.sf(q, len(y) - 1)], rel=1e-9
        )


def test_people_are_those_of_the_studies_that_entered(table):
    found = written(make(table()), own())
    # Large 300 and 40, Nesda 900 and 800, Lone 30 and 40; 100 in each of three cohorts.
    for layer, n, cases in (
        ("published", 2110, 1230), ("own cohorts", 300, None), ("both", 2410, None)
    ):  # fmt: skip
        for term in ("", "normal_interval", "prediction_interval"):
            row = synthesis(found, "depression", layer, term=term)
            assert row["n"] == n
            assert (None if pd.isna(row["n_events"]) else row["n_events"]) == cases


def test_where_one_paper_does_not_say_how_many_people_none_are_counted(table):
    silent = {"study": "Silent n", "given": "odds_ratio", "value": 1.4, "ci_low": 1.1,
              "ci_high": 1.8, "n_case": "", "n_control": ""}  # fmt: skip
    found = written(make(table([STUDIES[0], STUDIES[6], silent])))
    assert synthesis(found, "depression", "published", "k", "smd")["estimate"] == 3
    assert synthesis(found, "depression", "published")["n"] is pd.NA


# ---- a table that cannot be used ----------------------------------------------------------------

BROKEN = [
    ({"n_case": "thirty"}, {}, ["line 3 (Large)", "'n_case'", "'thirty'", "correct it"]),
    ({"direction": "lower"}, {}, ["line 3 (Large)", "'direction'", "'lower'", "exchanged"]),
    ({}, {"b": "nowhere"}, ["published_as", "'nowhere'", "there are", "nesda"]),
]


def break_table(table, change):
    return table([STUDIES[5], {**STUDIES[0], **change}])


@pytest.mark.parametrize(("change", "same", "words"), BROKEN)
def test_a_broken_table_is_refused_before_a_run(table, change, same, words):
    path = break_table(table, change)
    with pytest.raises(ConfigError) as error:
        refuse_unreadable(make(path, same=same))
    for word in words:
        assert word in str(error.value)


def test_what_is_sound_or_not_asked_for_is_not_refused(table):
    refuse_unreadable(make(table(), same={"b": "nesda"}))
    refuse_unreadable(make(COMMITTED))
    refuse_unreadable(make(None, same={"b": "nowhere"}))


@pytest.mark.parametrize(("change", "same", "words"), BROKEN)
def test_one_that_breaks_during_a_run_is_one_failure_row(table, change, same, words):
    found = written(make(break_table(table, change), same=same), own())
    assert found["status"].tolist() == ["failed"]
    assert found[["analysis", "cohort"]].to_numpy().tolist() == [["published", "pooled"]]
    for word in words:
        assert word in found["reason"].iloc[0]


def test_one_that_is_gone_during_a_run_is_one_failure_row(tmp_path):
    (reason,) = written(make(tmp_path / "gone.csv"))["reason"]
    assert "gone.csv is not there" in reason


@pytest.fixture
def finished(table, tmp_path):
    """Folder of a study that was pooled and judged while its published table broke."""
    study = make(break_table(table, {"n_case": "thirty"}))
    # Of another model than the one stage looks for, which would read participants.
    cohorts = result_table(*({**row, "model": "other"} for row in own()))
    results.write(cohorts, tmp_path / "cohorts.parquet")
    (tmp_path / "overlap.json").write_text('{"left_out": {}, "pairs": []}', encoding="utf-8")
    files = SynthesisInputs([tmp_path / "cohorts.parquet"], {}, tmp_path / "overlap.json")
    synthesise(study, files, POOLED, tmp_path / "synthesis.parquet")
    claim = {
        "id": "lower", "statement": "IGF-1 is lower in depression.", "category": "susceptibility",
        "estimand": {"analysis": "contrast", "target": "depression", "measure": "smd",
                     "adjustment": "adjusted"},
        "direction": "lower", "margin": 0.2,
    }  # fmt: skip
    (tmp_path / "claims.yaml").write_text(yaml.safe_dump({"claims": [claim]}), encoding="utf-8")
    judge_study(
        study, tmp_path / "claims.yaml", [tmp_path / "synthesis.parquet"], [], POOLED,
        tmp_path / "results.parquet", tmp_path / "verdicts.json",
        Fixed(None, {}, {}, tmp_path / "lock.json"),
    )  # fmt: skip
    (tmp_path / "report.html").write_text("<html></html>", encoding="utf-8")
    return tmp_path


def test_the_cohorts_are_pooled_and_judged_all_the_same(finished):
    table = results.read(finished / "results.parquet")
    pooled = results.select(table, analysis="contrast", stratum="all", measure="smd", term="")
    assert pooled["status"].tolist() == ["ok"]
    (verdict,) = json.loads((finished / "verdicts.json").read_text(encoding="utf-8"))
    assert verdict["verdict"] == "INCONCLUSIVE"
    assert "failed" not in verdict["reason"]


def test_the_console_says_what_failed_and_that_it_is_no_cohort(finished):
    paths = (finished / "report.html", finished / "verdicts.json", finished / "results.parquet")
    (line,) = [line for line in closing_lines(*paths) if "FAILED" in line]
    told, _, reason = line.strip().removeprefix("FAILED").strip().partition(": ")
    assert told == "pooled, stage published"
    assert "line 3 (Large), column 'n_case'" in reason
    assert "found 'thirty'" in reason
    with pytest.raises(DataError, match="without these:\n  pooled, stage published: "):
        check_complete(finished / "results.parquet", {})
