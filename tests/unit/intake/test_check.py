"""`check`: every problem at once, what cohorts hold, what claims need; nothing is written."""

import io
import re
from pathlib import Path

import pytest
import yaml

from igfmood.cli import main
from igfmood.intake.check import check
from igfmood.intake.check_console import show_checked
from igfmood.intake.console import console
from igfmood.intake.init import draft
from unit.intake.answers import answered
from unit.intake.tables import clinic

CLAIMS = Path(__file__).parents[3] / "config" / "claims.yaml"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with claims and the tables of two cohorts."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "claims.yaml").write_bytes(CLAIMS.read_bytes())
    (tmp_path / "data").mkdir()
    clinic(160).to_csv("data/first.csv", index=False)
    clinic(160, seed=2).assign(id=lambda t: "Q" + t["id"]).to_csv("data/second.csv", index=False)
    return tmp_path


def study(folder, **changes):
    """Write the answered study of both tables, with changes, and return its path."""
    drafted = draft([folder / "data" / "first.csv", folder / "data" / "second.csv"])
    # Bands are the quickest curve, and what is asked here does not depend on it.
    quick = {"normalise": {"reference": {"method": "bands"}}}
    config = {**yaml.safe_load(answered(drafted.text)), **quick, **changes}
    path = Path("config/mine.yaml")
    path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    return path


def printed(checked, monkeypatch, columns=100):
    monkeypatch.setenv("COLUMNS", str(columns))
    stream = io.StringIO()
    show_checked(checked, console(stream))
    return stream.getvalue()


def files(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_sound_study_has_no_errors_and_nothing_is_written(folder, monkeypatch):
    path = study(folder)
    before = files(folder)
    checked = check(path)
    assert checked.errors == 0
    assert [cohort.prepared.flow.rows_in for cohort in checked.cohorts] == [160, 160]
    assert files(folder) == before
    text = printed(checked, monkeypatch)
    assert "No errors. Next:" in text
    assert "snakemake --cores 2 --configfile" in text


def test_claims_are_set_against_cohorts_by_the_gates_of_the_run(folder):
    needs = check(study(folder)).needs
    assert needs["depression_lower"]["first"].met
    assert re.fullmatch(r"\d+ against \d+", needs["depression_lower"]["first"].text)
    assert not needs["bipolar_deficiency"]["first"].met
    assert (
        "too few people with diagnosis bipolar: 0 < 10" in needs["bipolar_deficiency"]["first"].text
    )
    assert needs["cognition"]["second"].text == "cognition_score is not in this cohort"
    assert needs["diagnostic_depression"]["first"].met


GENES = {
    "exposure": "rsid,A1,A2,beta,se\nrs1,A,G,0.1,0.01\nrs2,C,A,0.2,0.01\n",
    "depression": "rsid,A1,A2,beta,se\nrs1,A,G,0.02,0.01\nrs2,C,T,0.03,0.01\n",
}
GENE_COLUMNS = {
    "variant": "rsid", "effect_allele": "A1", "other_allele": "A2", "beta": "beta", "se": "se",
}  # fmt: skip


def genes(folder, **columns):
    """Write the genetic tables of an exposure and of depression, and return their entry."""
    for name, text in GENES.items():
        (folder / "data" / f"{name}.csv").write_text(text, encoding="utf-8")
    return {
        "exposure": {"table": "exposure.csv", "columns": GENE_COLUMNS},
        "outcomes": [
            {"name": "depression", "table": "depression.csv", "columns": GENE_COLUMNS | columns}
        ],
    }


def test_claims_about_genes_are_set_against_the_tables(folder, monkeypatch):
    checked = check(study(folder, genetics=genes(folder)))
    (need,) = checked.needs["genetic_depression"].values()
    assert need.met
    assert need.text.startswith("1 of 2 variants can be used; 0 variants with frequencies in both")
    assert "exchanged allele columns, which turn the sign" in need.text
    assert checked.errors == 0
    assert "1 of 2 variants can be used" in printed(checked, monkeypatch, 300)


def test_a_wrong_column_of_a_genetic_table_is_an_error(folder):
    checked = check(study(folder, genetics=genes(folder, p="PP")))
    (problem,) = checked.problems
    assert problem.startswith("genetics: outcome 'depression': data/depression.csv has no column")
    (need,) = checked.needs["genetic_depression"].values()
    assert (need.met, need.text) == (False, "the genetic summary tables have errors")


def test_codes_that_nobody_explained_are_shown_and_no_value_of_few(folder, monkeypatch):
    path = study(folder)
    table = clinic(160).assign(sex=lambda t: t["sex"].map({1: "m", 2: "w"}))
    table.loc[:2, "sex"] = "secret"
    table.loc[5, "igf1"] = -77
    table.to_csv("data/first.csv", index=False)
    text = printed(check(path), monkeypatch, 200)
    shown = [line for line in text.splitlines() if "no known code for sex" in line]
    assert len(shown) == 1
    found = r"missing: 160 rows \(100% of all\), the first is row 1; found '[mw]', '[mw]' "
    assert re.search(found, " ".join(text.split()))
    assert "secret" not in text
    assert "-77" not in text
    assert "nan ng/mL" not in text
    assert "first.csv has no row that can be analysed" in text


def test_a_factor_that_empties_a_cohort_is_asked_about(folder, monkeypatch):
    path = study(folder)
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    config["cohorts"][0]["columns"]["bmi"] = {"column": "bmi", "factor": 10}
    path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    text = " ".join(printed(check(path), monkeypatch, 200).split())
    assert re.search(r"impossible for bmi .*% of all: is its factor right\?\)", text)


def test_people_who_have_no_row_of_the_first_visit_are_told(folder, monkeypatch):
    path = study(folder)
    table = clinic(160).assign(wave="1")
    table.loc[7, "wave"] = "2"
    table.to_csv("data/first.csv", index=False)
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    config["cohorts"][0]["baseline"] = "1"
    config["cohorts"][0]["columns"]["visit"] = "wave"
    path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    text = printed(check(path), monkeypatch)
    assert text.count("no row of the first visit, so in no group: 1 person") == 1


def test_what_is_not_confirmed_is_an_error_with_its_line(folder, monkeypatch, capsys):
    drafted = draft([folder / "data" / "first.csv"])
    drafted.write()
    checked = check(drafted.path)
    assert checked.errors == len(checked.marks) > 0
    text = printed(checked, monkeypatch)
    assert f"line {checked.marks[0].line}  Is this the study design" in text
    assert "nothing can be run yet" in text
    assert main(["check", str(drafted.path)]) == 1
    # A placeholder whose mark is gone is an error of the configuration.
    bare = re.sub(r"(?m)^.*CONFIRM:.*\n", "", drafted.text)
    drafted.path.write_text(bare, encoding="utf-8")
    assert any("'CONFIRM'" in problem for problem in check(drafted.path).problems)


def test_every_problem_is_told_at_once_and_a_bad_cohort_stops_no_other(folder, monkeypatch):
    path = study(folder)
    config = yaml.safe_load(path.read_text())
    lacking = {**config["cohorts"][0], "name": "lacking", "table": "absent.csv"}
    wrong = {**config["cohorts"][0], "name": "wrong", "designe": "trial"}
    unit = {**config["cohorts"][0], "name": "unit",
            "analyte": {"column": "igf1", "unit": "pg/mL"}}  # fmt: skip
    config["cohorts"] += [lacking, wrong, unit]
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    checked = check(path)
    read = {cohort.name: cohort for cohort in checked.cohorts}
    assert read["second"].prepared.flow.analysed == 160
    assert "wrong" not in read
    text = printed(checked, monkeypatch)
    assert "absent.csv is not there" in text
    assert "designe" in text
    assert read["unit"].error
    assert main(["check", str(path)]) == 1


def test_quarantine_shows_reasons_and_rows_and_never_a_value(folder, monkeypatch):
    table = clinic(160)
    table["phq9_9"] = table["phq9_9"].astype(object)
    table.loc[[10, 20], "phq9_9"] = "mostly yes"
    table.loc[30, "age"] = 430
    table.to_csv("data/first.csv", index=False)
    checked = check(study(folder))
    reasons = {column: (n, row) for column, _, n, row in checked.cohorts[0].quarantined()}
    assert reasons == {"phq9_9": (2, 11), "age": (1, 31)}
    text = " ".join(printed(checked, monkeypatch).split())
    assert "2 rows, the first is row 11" in text
    assert "mostly yes" not in text
    assert "430" not in text


def test_what_lies_below_the_limit_is_counted_and_a_heap_is_named(folder, monkeypatch):
    table = clinic(160)
    table["igf1"] = table["igf1"].astype(object)
    table.loc[[1, 3], "igf1"] = "<75"
    table.loc[range(20, 32), "igf1"] = 70.71
    table.to_csv("data/first.csv", index=False)
    path = study(folder)
    config = yaml.safe_load(path.read_text())
    for cohort in config["cohorts"]:
        cohort["analyte"]["lod"] = 75
    config["cohorts"][0]["analyte"]["lod"] = 100
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    text = " ".join(printed(check(path), monkeypatch).split())
    low = 2 + 12 + int((clinic(160)["igf1"].drop([1, 3, *range(20, 32)]) < 100).sum())
    assert f"below the detection limit of 100 ng/mL: {low} of 160 values" in text
    assert "below the detection limit of 75 ng/mL: " in text
    assert f"{low - 2} rows hold a number below the declared detection limit of 100" in text
    assert "most of them hold the same one (70.71, the limit over the root of 2)" in text


def test_how_the_analyte_is_understood_is_told(folder, monkeypatch):
    path = study(folder)
    config = yaml.safe_load(path.read_text())
    config["normalise"]["below_limit"] = "censored_likelihood"
    table = clinic(160).assign(plate=[f"P{row % 2}" for row in range(160)])
    table["plate"] = table["plate"].mask(table["dx"] == "MDD", "P2")
    table.loc[table.index < 140, "igf1"] = 60
    table.to_csv("data/first.csv", index=False)
    config["cohorts"][0]["analyte"] |= {"batch": "plate", "lod": 61}
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    checked = check(path)
    first, second = (cohort.prepared for cohort in checked.cohorts)
    text = " ".join(printed(checked, monkeypatch).split())
    median = second.participants["igf1_ng_ml"].median()
    assert f"IGF-1: igf1 in ng/mL, median {median:.4g} ng/mL" in text
    assert "reference curve: age bands of 80 people" in text
    assert f"batches not corrected: {first.learned.batch_note}" in text
    assert f"limit over the root of 2: {first.learned.censored_note}" in text
    assert f"no reference curve: {first.learned.curve_failure}" in text


def test_an_inclusion_is_told_as_in_the_report(folder, monkeypatch):
    rule = {"name": "age 40 or more", "variable": "age_years", "at_least": 40}
    path = study(folder)
    config = yaml.safe_load(path.read_text())
    config["cohorts"][0]["include"] = [rule]
    config["cohorts"][0]["exclude"] = [
        {"name": "BMI below 20", "variable": "bmi", "below": 20},
    ]  # fmt: skip
    config["cohorts"][1]["include"] = [rule | {"name": "age 90 or more", "at_least": 90}]
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    text = printed(check(path), monkeypatch)
    table = clinic(160)
    young = (table["age"] < 40).sum()
    thin = ((table["age"] >= 40) & (table["bmi"] < 20)).sum()
    assert f"  excluded: not age 40 or more: {young} rows\n" in text
    assert f"  excluded: BMI below 20: {thin} row" in text
    assert "all are lost to not age 90 or more" in " ".join(text.split())


@pytest.mark.parametrize(
    ("reasons", "shown", "rest"), [(6, 6, ""), (7, 7, ""), (8, 6, "for 2 more reasons: 2 cells")]
)
def test_a_last_reason_is_not_left_out_alone(folder, monkeypatch, reasons, shown, rest):
    table = clinic(160).astype({f"phq9_{item}": object for item in range(1, 9)})
    for item in range(1, reasons + 1):
        table.loc[20 - item, f"phq9_{item}"] = "mostly"
    table.to_csv("data/first.csv", index=False)
    text = printed(check(study(folder)), monkeypatch)
    assert " ".join(text.split()).count("the first is row") == shown
    left = [line for line in text.splitlines() if "more reason" in line]
    assert left == ([f"  quarantined: {rest}"] if rest else [])


def test_negative_controls_that_no_cohort_has_are_told(folder, monkeypatch):
    assert "Negative controls" not in printed(check(study(folder)), monkeypatch)
    path = study(folder, negative_controls=["height_cm"], negative_control_analytes=["crp"])
    config = yaml.safe_load(path.read_text())
    config["cohorts"][1]["columns"]["crp"] = {"column": "crp"}
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    second = clinic(160, seed=2).assign(id=lambda t: "Q" + t["id"], crp=lambda t: t["igf1"] / 50)
    second.to_csv("data/second.csv", index=False)
    checked = check(path)
    assert checked.errors == 0
    text = " ".join(printed(checked, monkeypatch, 120).split())
    assert "height_cm 0 not first, second: height_cm is not in this cohort" in text
    assert "crp 1 second: phq9_total: 160 people; depression: 80 against 80" in text
    assert "not first: crp is not in this cohort" in text
    assert (
        "negative_controls: no cohort can be asked about height_cm: nothing will come of it" in text
    )
    assert "asked about crp" not in text


def test_errors_stand_at_the_end_where_they_are_seen(folder, monkeypatch):
    path = study(folder, published_evidence="papers.csv")
    config = yaml.safe_load(path.read_text())
    config["cohorts"][0]["table"] = "absent.csv"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    lines = printed(check(path), monkeypatch).splitlines()
    assert lines[0] == "config/mine.yaml: 2 errors, told at the end"
    assert lines[-1] == "2 errors: nothing can be run yet."
    start = lines.index("config/mine.yaml: 2 errors")
    assert start > max(place for place, line in enumerate(lines) if line.startswith("Claims"))
    told = " ".join(lines[start:])
    assert "1.  published_evidence: file papers.csv is not there" in told
    assert "2.  cohort 'first': " in told


def test_errors_of_a_claims_file_are_counted_one_by_one(folder, monkeypatch):
    path = study(folder)
    claims = Path("config/claims.yaml")
    config = yaml.safe_load(claims.read_text())
    config["claims"][0]["direction"] = "less"
    config["claims"][0]["estimand"]["populaton"] = "women"
    claims.write_text(yaml.safe_dump(config), encoding="utf-8")
    checked = check(path)
    assert checked.errors == 2
    text = printed(checked, monkeypatch, 120)
    assert "  1.  config/claims.yaml: claims[0] (depression_lower) → estimand → populaton: " in text
    assert "  2.  config/claims.yaml: claims[0] (depression_lower) → direction: " in text


def test_what_cannot_be_checked_of_a_unit_is_told(folder, monkeypatch):
    assert "unit not checked" not in printed(check(study(folder)), monkeypatch)
    crp = {"name": "crp", "label": "CRP", "unit": "mg/L"}
    path = study(folder, analyte=crp)
    config = yaml.safe_load(path.read_text())
    config["cohorts"] = config["cohorts"][:1]
    config["cohorts"][0]["analyte"] = {"column": "igf1", "unit": "mg/L"}
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    table = clinic(160)
    table["igf1"] = 1.4 * (table["igf1"] / table["igf1"].median()) ** 3
    table.to_csv("data/first.csv", index=False)
    text = " ".join(printed(check(path), monkeypatch).split())
    assert "unit not checked: no analyte.typical_median of the study" in text
    assert "unit not checked: single values in mg/dL cannot be told" in text
    table["igf1"] = table["igf1"].where(table.index < 4)
    table.to_csv("data/first.csv", index=False)
    config["analyte"]["typical_median"] = [0.1, 20]
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    text = " ".join(printed(check(path), monkeypatch).split())
    assert "unit not checked: fewer than 5 values" in text
    assert "unit not checked: fewer than 20 values" in text


def test_missing_shares_count_what_stands_below_the_limit_as_known(folder):
    table = clinic(160)
    table["igf1"] = table["igf1"].astype(object)
    table.loc[[1, 3], "igf1"] = "<30"
    table.loc[[5, 7, 9, 11], "igf1"] = ""
    table.to_csv("data/first.csv", index=False)
    checked = check(study(folder))
    shares = checked.cohorts[0].missing(checked.study)
    assert shares["IGF-1"] == pytest.approx(4 / 160)
    assert shares["phq9_total"] == shares["age_years"] == 0


def test_another_data_root(folder, tmp_path):
    path = study(folder)
    (folder / "data").rename(folder / "moved")
    assert check(path).errors == 2
    assert check(path, str(folder / "moved")).errors == 0


def test_a_file_that_is_no_configuration(folder, capsys):
    assert main(["check", "nowhere.yaml"]) == 1
    assert "nowhere.yaml is not there" in capsys.readouterr().err
    (folder / "bad.yaml").write_text("a: [1,")
    assert main(["check", "bad.yaml"]) == 1
    assert "not valid YAML" in capsys.readouterr().err
    with pytest.raises(SystemExit) as end:
        main(["check"])
    assert end.value.code == 2


@pytest.mark.parametrize("width", [80, 100, 120])
def test_output_fits_the_page_and_has_no_colour_in_a_file(folder, monkeypatch, width, capsys):
    text = printed(check(study(folder)), monkeypatch, width)
    assert max(map(len, text.splitlines())) <= width
    assert "\x1b" not in text
    monkeypatch.setenv("COLUMNS", str(width))
    assert main(["init", "data/first.csv", "-o", "x.yaml"]) == 0
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= width
    assert "\x1b" not in text
    assert "igfmood check x.yaml" in text


def test_no_colour_where_the_user_wants_none(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setenv("TERM", "xterm-256color")
    shown = {}
    for wish in ("", "1"):
        monkeypatch.setenv("NO_COLOR", wish)
        stream = Terminal()
        console(stream).print("[green]sure[/green]")
        shown[wish] = stream.getvalue()
    assert "\x1b[32m" in shown[""]
    assert "\x1b[32m" not in shown["1"]
