"""What happens when the configuration, a file or a cohort is wrong."""

import gzip
import json

from workflow.project import FAST, Project, said


def test_config_errors_come_all_at_once_before_any_job(project: Project):
    config = project.config()
    config["seed"] = "soon"
    config["cohorts"][1]["analyte"]["unit"] = "ng/l"
    config["cohorts"][2]["desing"] = "population"
    result = project.run("--configfile", project.write(config))
    text = said(result)
    assert result.returncode != 0
    assert "\nstudy.yaml cannot be run:\nThe configuration has errors:\n  1. " in text
    assert "seed" in text
    assert "'soon'" in text
    assert "cohorts[1] (register) → analyte → unit" in text
    assert "'nmol/L'" in text
    assert "cohorts[2] (population) → desing: this key is not known" in text
    assert "Traceback" not in text
    assert not (project.folder / "results").exists()


def test_missing_file_and_column_name_the_cohort_before_any_job(project: Project):
    config = project.config()
    config["cohorts"][0]["table"] = "gone.csv"
    config["cohorts"][4]["columns"]["bmi"] = "body_mass"
    result = project.run("--configfile", project.write(config))
    text = said(result)
    assert result.returncode != 0
    assert "cohort 'clinic': file data_synthetic/gone.csv is not there" in text
    assert "cohort 'imaging': column 'body_mass' is not in data_synthetic/imaging.csv" in text
    assert "Traceback" not in text
    assert not (project.folder / "results").exists()


def test_wrong_genetic_tables_stop_the_run_before_any_job(project: Project):
    lines = ["rsid,A1,A2,beta,se", *(f"rs{k},A,G,0.1,0.01" for k in range(3))]
    (project.folder / "data_synthetic/genes.csv").write_text("\n".join(lines) + "\n", "utf-8")
    names = {"variant": "rsid", "effect_allele": "A1", "other_allele": "A2", "beta": "beta"}
    config = project.config()
    config["genetics"] = {
        "exposure": {"table": "genes.csv", "columns": names | {"se": "beta0"}},
        "outcomes": [
            {"name": "depression", "table": "genes.csv", "columns": names | {"se": "se", "p": "PP"}}
        ],
    }
    result = project.run("--configfile", project.write(config))
    text = said(result)
    assert result.returncode != 0
    assert "genetics: exposure: data_synthetic/genes.csv has no column 'beta0'" in text
    assert "genetics: outcome 'depression': data_synthetic/genes.csv has no column 'PP'" in text
    assert "Traceback" not in text
    assert not (project.folder / "results").exists()

    for table in (config["genetics"]["exposure"], *config["genetics"]["outcomes"]):
        table["columns"] = names | {"se": "se"}
    mended = project.run("-n", "--configfile", project.write(config))
    assert mended.returncode == 0, said(mended)


def test_bad_cohorts_do_not_stop_the_others(project: Project):
    register = project.folder / "data_synthetic/register.tsv.gz"
    whole = register.read_bytes()
    register.write_bytes(whole[: len(whole) // 2])
    config = project.config("clinic", "register", "trial") | FAST
    trial = next(one for one in config["cohorts"] if one["name"] == "trial")
    trial["include"] = [{"name": "the very old", "variable": "age_years", "at_least": 105}]
    result = project.run("--keep-going", "--configfile", project.write(config))
    text = said(result)
    assert result.returncode != 0
    assert "cohort register, stage cohort: " in text
    assert "cannot be read to its end" in text
    assert "has no row that can be analysed" in text
    assert "the very old" in text
    flow = json.loads(
        (project.results() / "cohorts/register/flow.json").read_text(encoding="utf-8")
    )
    assert flow["status"] == "failed"
    report = (project.results() / "report.html").read_text(encoding="utf-8")
    assert "cannot be read to its end" in report
    assert "has no row that can be analysed" in report
    assert "depression_lower" in (project.results() / "pooled/verdicts.json").read_text(
        encoding="utf-8"
    )

    register.write_bytes(whole)
    target = "results/synthetic/pooled/synthesis.parquet"
    trial["include"] = []
    mended = project.run("--configfile", project.write(config), "--", target)
    assert mended.returncode == 0, said(mended)


def test_a_bad_row_is_quarantined_and_the_cohort_goes_on(project: Project):
    table = project.folder / "data_synthetic/clinic.csv"
    before = table.read_text(encoding="utf-8")
    n_rows = len(before.strip().splitlines()) - 1
    table.write_text(
        before + "K9999;m;too;many;fields;1;2;3;4;5;6;7;8;9\nK9998;m\n", encoding="utf-8"
    )
    target = "results/synthetic/cohorts/clinic/participants.parquet"
    result = project.run("--", target)
    assert result.returncode == 0, said(result)
    quarantine = (project.results() / "private/clinic/quarantine.csv").read_text(encoding="utf-8")
    for row in (n_rows + 1, n_rows + 2):
        assert f"\n{row},PatNr,,row has another number of fields than the header" in quarantine


def test_hostile_cohort_names_are_refused(project: Project):
    config = project.config()
    config["cohorts"][0]["name"] = "../../etc"
    config["cohorts"][1]["name"] = "<script>"
    text = said(project.run("--configfile", project.write(config)))
    assert "cohorts[0] (../../etc) → name: allowed: letters, digits" in text
    assert "cohorts[1] (<script>) → name: allowed: letters, digits" in text


def test_a_gz_that_is_none_is_an_error_of_that_cohort(project: Project):
    (project.folder / "data_synthetic/population.csv.gz").write_bytes(b"pid,visit\n1,2\n")
    text = said(project.run())
    assert "cohort 'population'" in text
    assert "cannot be read" in text
    assert gzip.BadGzipFile.__name__ not in text


def test_even_if_every_cohort_fails_there_is_a_report(project: Project):
    config = project.config() | FAST
    config["cohorts"] = config["cohorts"][:1]
    table = project.folder / "data_synthetic/clinic.csv"
    table.write_text(table.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    result = project.run("--keep-going", "--configfile", project.write(config))
    assert result.returncode != 0
    assert "has a header and no rows" in said(result)
    verdicts = json.loads((project.results() / "pooled/verdicts.json").read_text(encoding="utf-8"))
    assert {verdict["verdict"] for verdict in verdicts} == {"NOT_EVALUABLE"}
    assert "has a header and no rows" in (project.results() / "report.html").read_text(
        encoding="utf-8"
    )
