"""Genetic tables, subsets, forks and imputation: what they may say, and what is refused."""

import re
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from builders import make_study, study_config
from faults import sound
from igfmood.association.question import combinations, fork_name
from igfmood.cli import main
from igfmood.cohort.inputs import genetic_files, load_study
from igfmood.config.analysis import DEFAULT_SUBSETS, Forks, Imputation, Subset
from igfmood.config.genetics import Genetics
from igfmood.config.load import check_config
from igfmood.errors import ConfigError
from igfmood.intake.check import check
from igfmood.synthesis.genetic_tables import refuse_wrong_tables
from oracle_files import REPOSITORY

COLUMNS = {"variant": "SNP", "effect_allele": "A1", "other_allele": "A2", "beta": "B", "se": "SE"}
VARIANTS = "SNP,A1,A2,B,SE\nrs1,A,G,0.1,0.01\nrs2,A,G,0.2,0.01\n"


def genetics(exposure=COLUMNS, *outcomes, **tables):
    """The entry of a study; an outcome is its name and its columns."""
    given = outcomes or (("depression", COLUMNS),)
    return {
        "exposure": {"table": tables.get("igf1", "igf1.csv"), "columns": exposure},
        "outcomes": [
            {"name": name, "table": tables.get(name, f"{name}.csv"), "columns": columns}
            for name, columns in given
        ],
    }


def without(*names, **changes):
    return {key: value for key, value in COLUMNS.items() if key not in names} | changes


def told(**study):
    """Every problem of a study with these keys."""
    claims = str(REPOSITORY / "config" / "claims.yaml")
    return check_config(study_config(claims=claims, **study)).problems


# Genetic tables.


def test_tables_may_say_effects_as_slopes_or_odds_and_people_in_two_ways():
    outcome = without("beta", odds_ratio="OR", n_cases="CA", n_controls="CO", eaf="F", p="P")
    found = make_study(genetics=genetics({**COLUMNS, "n": "N"}, ("depression", outcome),
                                         ("bipolar", COLUMNS))).genetics  # fmt: skip
    assert [one.name for one in found.outcomes] == ["depression", "bipolar"]
    assert found.outcomes[0].columns["odds_ratio"] == "OR"
    assert make_study().genetics is None


@pytest.mark.parametrize(
    ("columns", "what"),
    [
        (without("se"), "columns of {table} lacks ['se']"),
        (without("variant", "other_allele"), "lacks ['variant', 'other_allele']"),
        (without("beta"), "columns of {table} needs one of beta and odds_ratio; found None"),
        (without(odds_ratio="OR"), "one of beta and odds_ratio; found ['beta', 'odds_ratio']"),
        (without(n_cases="CA"), "columns of {table} needs n_cases and n_controls, or neither"),
        (without(n_controls="CO"), "needs n_cases and n_controls, or neither"),
        (without(other_allele="A1"),
         "columns of {table}: column 'A1' stands for effect_allele and other_allele"),
        (without(p="SE"), "column 'SE' stands for se and p"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("place", ["exposure", "outcomes[0] (depression)"])
def test_what_a_table_cannot_say_is_told_with_the_table(columns, what, place):
    pair = (columns, COLUMNS) if place == "exposure" else (COLUMNS, columns)
    (problem,) = told(genetics=genetics(pair[0], ("depression", pair[1])))
    table = "igf1.csv" if place == "exposure" else "depression.csv"
    assert problem.startswith(f"genetics → {place}: ")
    assert what.format(table=table) in problem


def test_all_that_is_wrong_with_the_tables_is_told_at_once():
    problems = told(genetics=genetics(without("se", "beta"), ("depression", without("beta"))))
    assert len(problems) == 3
    assert "columns of igf1.csv lacks ['se']" in problems[0]
    assert "columns of igf1.csv needs one of" in problems[1]


@pytest.mark.parametrize(
    ("given", "place", "what"),
    [
        ({}, "genetics → exposure", "needed"),
        (genetics({**COLUMNS, "maf": "F"}), "columns → maf", "found 'maf'"),
        (genetics(COLUMNS, ("mania", COLUMNS)), "outcomes[0] (mania) → name",
         "allowed: 'depression' or 'bipolar'; found 'mania'"),
        ({**genetics(), "outcomes": []}, "genetics → outcomes", "found []"),
        ({**genetics(), "ld": "ld.csv"}, "genetics → ld", "not known"),
        ({**genetics(), "correlation": {"table": "ld.csv", "alleles": "A1"}},
         "genetics → correlation → alleles", "'in_name' or 'effect_allele'; found 'A1'"),
        ({**genetics(), "correlation": {}}, "genetics → correlation → table", "needed"),
        (genetics(without("beta", odds_ratio="OR")), "genetics",
         "the exposure is in SD of the analyte: give beta, not odds_ratio"),
        (genetics(COLUMNS, ("bipolar", COLUMNS), ("bipolar", COLUMNS)), "genetics",
         "outcomes share the name ['bipolar']: one table each"),
    ],
)  # fmt: skip
def test_what_genetics_cannot_be_is_told(given, place, what):
    problems = [text for text in told(genetics=given) if place in text]
    assert len(problems) == 1
    assert what in problems[0]


def test_files_are_looked_for_below_the_data(tmp_path):
    def problems(**tables):
        config = study_config(
            data_root=str(tmp_path), claims=str(claims), genetics=genetics(**tables)
        )
        try:
            load_study(config)
        except ConfigError as error:
            return str(error)
        return ""

    claims = tmp_path / "claims.yaml"
    claims.write_text(
        "claims: [{id: a, statement: IGF-1 is lower., category: safety, estimand: {analysis: "
        "contrast, target: depression, measure: smd, adjustment: adjusted}}]"
    )
    (tmp_path / "clinic.csv").write_text("id,age,sex,igf1,dx\n1,40,female,150,mdd\n")
    (tmp_path / "igf1.csv").write_text("SNP\n")
    assert problems().count("genetics:") == 1
    assert f"genetics: file {tmp_path / 'depression.csv'} is not there" in problems()
    (tmp_path / "depression.csv").write_text("SNP\n")
    assert problems() == ""
    assert "must lie below data_root" in problems(depression="../depression.csv")
    assert "ends in '.zip'" in problems(igf1="igf1.zip")
    assert "genetics: table 'igf1.xlsx' must be text: save it as" in problems(igf1="igf1.xlsx")


def test_the_table_of_correlations_is_looked_for_and_checked_before_a_run(tmp_path, monkeypatch):
    """That it is not there is told first; what is wrong within, by `check` and a run alike."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    sound.file(sound.SOUND)(tmp_path / "data")
    for name in ("igf1", "depression"):
        (tmp_path / "data" / f"{name}.csv").write_text(VARIANTS)
    (tmp_path / "claims.yaml").write_text(sound.CLAIMS)
    entry = {**genetics(), "correlation": {"table": "ld.csv"}}
    config = sound.study(genetics=entry, normalise={"reference": {"method": "bands"}})
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(config))
    with pytest.raises(ConfigError, match=r"genetics: file data/ld.csv is not there"):
        load_study(config)
    ld = tmp_path / "data" / "ld.csv"
    ld.write_text("v,rs1_A_G,rs2_A_G\nrs1_A_G,1,0.2\nrs2_A_G,0.3,1\n")
    assert genetic_files(load_study(config))[-1].name == "ld.csv"
    (problem,) = check(tmp_path / "study.yaml").problems
    assert problem.startswith(
        "genetics: correlation: data/ld.csv, line 2, column 'rs2_A_G': found 0.2, and 0.3"
    )
    with pytest.raises(ConfigError) as caught:
        refuse_wrong_tables(load_study(config))
    assert str(caught.value) == f"The configuration has errors:\n  1. {problem}"
    ld.write_text(ld.read_text().replace("0.3", "0.2"))
    assert check(tmp_path / "study.yaml").problems == []


GENES = """\
  - id: genes
    statement: Genes for more IGF-1 go with less depression.
    category: susceptibility
    estimand: {analysis: mendelian, target: depression, measure: beta}
    min_cohorts: 1
"""


@pytest.fixture
def checked(tmp_path, monkeypatch, capsys):
    """What `igfmood check` prints of a sound cohort, of its claims about genes, and its code."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)
    (tmp_path / "data").mkdir()
    sound.file(sound.SOUND)(tmp_path / "data")
    for name in ("igf1", "depression", "bipolar"):
        (tmp_path / "data" / f"{name}.csv").write_text(VARIANTS)
    (tmp_path / "claims.yaml").write_text(sound.CLAIMS + GENES)

    def check(*outcomes, **tables):
        given = {"genetics": genetics(COLUMNS, *outcomes, **tables)} if outcomes else {}
        # Bands are the quickest curve, and what is asked here does not depend on it.
        quick = {"normalise": {"reference": {"method": "bands"}}}
        (tmp_path / "study.yaml").write_text(yaml.safe_dump({**sound.study(**given), **quick}))
        code = main(["check", "study.yaml"])
        out = capsys.readouterr().out
        (line,) = [line for line in out.splitlines() if line.startswith(" genes ")]
        return code, re.split(r" {2,}", line.strip())[1:], out

    return check


def test_a_claim_about_genes_without_tables_says_so_in_one_line(checked):
    code, line, out = checked()
    assert line == ["no tables", "no genetic summary tables are given (key genetics)"]
    assert code == 0
    # The other claim needs two cohorts, and has one.
    assert "2 claims lack what they need, and will be NOT EVALUABLE." in out


def test_a_claim_about_genes_with_tables_counts_as_evaluable(checked):
    _, line, out = checked(("depression", COLUMNS), ("bipolar", COLUMNS))
    assert line == ["tables", "2 of 2 variants can be used; 0 variants with frequencies in both"]
    assert "1 claim lacks what it needs, and will be NOT EVALUABLE." in out
    (Path("data") / "depression.csv").write_text(VARIANTS.replace("rs1", "rs7"))
    _, line, _ = checked(("depression", COLUMNS))
    assert line[0] == "tables"
    assert line[1].startswith("1 of 2 variants can be used")
    (Path("data") / "depression.csv").write_text(VARIANTS.replace("rs", "chr"))
    code, line, _ = checked(("depression", COLUMNS))
    assert (code, line[0]) == (0, "no tables")
    assert line[1].startswith("none of the 2 variants of the exposure can be used")


def test_tables_of_another_outcome_or_that_are_not_there_do_not_count(checked):
    _, line, out = checked(("bipolar", COLUMNS))
    assert line == ["no tables", "no genetic summary table of depression (key genetics)"]
    assert "2 claims lack what they need" in out
    code, line, out = checked(("depression", COLUMNS), depression="gone.csv")
    assert (code, line) == (1, ["no tables", "the genetic summary tables have errors"])
    assert "genetics: file data/gone.csv is not there" in out
    code, line, out = checked(("depression", COLUMNS), igf1="../igf1.csv")
    assert (code, line) == (1, ["no tables", "the genetic summary tables have errors"])
    assert "genetics: table '../igf1.csv' must lie below data_root" in out


# Subsets.

MEN = {"name": "men", "label": "Men", "rules": [
    {"name": "men", "variable": "sex", "equals": ["male"]}
]}  # fmt: skip


def rule(**condition):
    return {**MEN, "rules": [{"name": "these", **condition}]}


@pytest.mark.parametrize(
    ("subset", "what"),
    [
        ({**MEN, "name": "all"}, "'all' is a name that results use for something else"),
        ({**MEN, "name": "complete_cases"}, "'complete_cases' is a name that results use"),
        ({**MEN, "name": "one_stage"}, "'one_stage' is a name that results use"),
        ({**MEN, "name": "without_clinic"}, "'without_clinic' is a name that results use"),
        ({**MEN, "rules": []}, "a subset needs rules or within_percentiles"),
        ({**MEN, "within_percentiles": (99, 1)}, "low before high: 99.0, 1.0"),
        ({**MEN, "within_percentiles": (1, 101)}, "from 0 to 100"),
        ({**MEN, "within_percentiles": (5, 5)}, "low before high"),
        (rule(variable="sex", equals=["man"]),
         "rule 'these': sex is never ['man']; allowed: ['female', 'male']"),
        (rule(variable="sex", equals=["male", "M"]), "sex is never ['M']"),
        (rule(variable="ad_use", equals=["none"]), "ad_use is never ['none']; allowed: ['yes'"),
        (rule(variable="ad_use", equals=[0]), "ad_use is never ['0']"),
        (rule(variable="diagnosis", equals=["depressed"]), "diagnosis is never ['depressed']"),
        (rule(variable="mood", equals=["low"]), "variable 'mood' is not known"),
        (rule(variable="sex", below=2), "below needs a number; sex is none"),
        (rule(variable="age_years"), "exactly one of below, at_least, equals, missing"),
    ],
)  # fmt: skip
def test_what_a_subset_cannot_be_is_told_with_its_name(subset, what):
    (problem,) = told(subsets=[MEN, subset], forks={"population": ["all"]})
    assert f"subsets[1] ({subset['name']})" in problem
    assert what in problem


@pytest.mark.parametrize(
    "subset",
    [
        rule(variable="sex", equals=["Male "]),
        rule(variable="ad_use", equals=["no"]),
        rule(variable="diagnosis", equals=["bipolar_2", "control"]),
        rule(variable="country", equals=["Elsewhere"]),
        rule(variable="hrt_route", missing=True),
        {"name": "middle", "label": "Middle", "within_percentiles": (0, 100)},
    ],
)
def test_what_a_subset_can_be(subset):
    assert told(subsets=[subset], forks={"population": ["all", subset["name"]]}) == []


def test_subsets_have_names_of_their_own_and_forks_know_them():
    alike, unknown = told(subsets=[MEN, MEN], forks={"population": ["all", "women"]})
    assert "subsets share a name: ['men', 'men']" in alike
    assert (
        "forks.population has unknown names ['women']; did you mean 'men'? allowed: ['all',"
        in unknown
    )


def test_the_subsets_of_the_default_differ_in_name_and_label():
    assert len({one.name for one in DEFAULT_SUBSETS}) == len(DEFAULT_SUBSETS) > 10
    assert len({one.label for one in DEFAULT_SUBSETS}) == len(DEFAULT_SUBSETS)
    for one in DEFAULT_SUBSETS:
        assert Subset.model_validate(one.model_dump()) == one


# Forks.


@pytest.mark.parametrize(
    ("forks", "what"),
    [
        ({"adjustment": ["adjusted", "adjusted"]}, "adjustment names ['adjusted'] twice"),
        ({"missing": ["imputed", "imputed"]}, "missing names ['imputed'] twice"),
        ({"exposure": ["sds", "log", "sds"]}, "exposure names ['sds'] twice"),
        ({"population": ["all", "all"]}, "population names ['all'] twice"),
        ({"exposure": []}, "forks → exposure"),
        ({"missing": []}, "forks → missing"),
        ({"population": []}, "forks → population"),
        ({"exposure": ["raw"]}, "found 'raw'"),
        ({"missing": ["mean"]}, "'complete_cases'; found 'mean'"),
        ({"adjustment": ["crude"]}, "forks.adjustment has unknown names ['crude']"),
        ({"population": ["drinkers"]}, "forks.population has unknown names ['drinkers']"),
        ({"outcome": ["smd"]}, "forks → outcome: this key is not known"),
    ],
)
def test_what_forks_cannot_be_is_told(forks, what):
    problems = told(forks=forks)
    assert len(problems) == 1
    assert what in problems[0]


def test_every_combination_has_a_name_of_its_own():
    study = make_study()
    names = [(one.adjustment, fork_name(one)) for one in combinations(study)]
    # Two adjustments, two scales, two ways with gaps, four populations; no log without age and sex.
    assert len(names) == len(set(names)) == 4 * 2 * (2 + 1)
    assert ("unadjusted", "all|log|imputed") not in names
    assert ("adjusted", "usual_bmi|log|complete_cases") in names


def test_without_imputation_no_fork_imputes():
    study = make_study(imputation={"m": 0})
    assert {one.missing for one in combinations(study)} == {"complete_cases"}
    assert len(combinations(study)) == 4 * (2 + 1)


def test_forks_are_what_is_declared():
    study = make_study(forks={"adjustment": ["adjusted"], "missing": ["imputed"],
                              "exposure": ["log"], "population": ["men"]})  # fmt: skip
    assert [fork_name(one) for one in combinations(study)] == ["men|log|imputed"]
    assert Forks().adjustment == []


# Imputation.


@pytest.mark.parametrize(
    ("imputation", "what"),
    [
        ({"m": 1}, "m of 1 is too few to tell how uncertain"),
        ({"m": 5}, "would change with the seed"),
        ({"m": 19}, "set m to 20 or more, or 0 for none"),
        ({"m": -1}, "imputation → m"),
        ({"m": 201}, "found 201"),
        ({"m": "many"}, "found 'many'"),
        ({"m": 20.5}, "found 20.5"),
        ({"iterations": 0}, "imputation → iterations"),
        ({"max_missing": 1.5}, "imputation → max_missing"),
        ({"max_missing": 50}, "found 50"),
        ({"delta": 0}, "imputation → delta"),
        ({"delta": 3.5}, "found 3.5"),
        ({"delta": float("nan")}, "imputation → delta"),
        ({"method": "mean"}, "imputation → method: this key is not known"),
    ],
)
def test_what_imputation_cannot_be_is_told(imputation, what):
    problems = told(imputation=imputation)
    assert len(problems) == 1
    assert problems[0].startswith("imputation")
    assert what in problems[0]


@pytest.mark.parametrize("m", [0, 20, 200])
def test_as_many_tables_as_are_enough_or_none(m):
    assert make_study(imputation={"m": m}).imputation.m == m


@pytest.mark.parametrize("model", [Genetics.model_validate(genetics()), Forks(), Imputation()])
def test_nothing_of_it_changes_later(model):
    name = next(iter(type(model).model_fields))
    with pytest.raises(ValidationError, match="frozen"):
        setattr(model, name, getattr(model, name))
