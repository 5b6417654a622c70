"""Cohorts that must not count: the same people twice, a batch that is the diagnosis, open marks."""

import json
from pathlib import Path

import pandas as pd
import pytest
import yaml

from igfmood import results
from workflow.project import FAST, Project, make_project, said


@pytest.fixture(scope="module")
def gated(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Clinic, imaging, imaging again under other ids, and a clinic whose kit lot is the group.

    Beside the claims of the default study there is one about women alone.
    """
    project = make_project(tmp_path_factory.mktemp("gated"))
    data = project.folder / "data_synthetic"
    imaging = pd.read_csv(data / "imaging.csv", dtype=str, keep_default_na=False)
    imaging["ID"] = "again" + imaging["ID"]
    imaging.iloc[:200].to_csv(data / "again.csv", index=False)
    clinic = pd.read_csv(data / "clinic.csv", sep=";", dtype=str, keep_default_na=False)
    healthy = clinic["Gruppe"].isin(["Kontrolle", "gesund"])
    clinic["Charge"] = healthy.map({True: "A", False: "B"})
    clinic["PatNr"] = "new" + clinic["PatNr"]
    clinic["Alter"] = clinic["Alter"].replace("", "0").str.replace(",", ".").astype(float) + 2.3
    clinic["Alter"] = clinic["Alter"].map("{:.1f}".format).str.replace(".", ",")
    clinic["IGF1_ng_ml"] = [
        f"{float(cell.replace(',', '.')) * 1.07 + place / 977:.4f}".replace(".", ",")
        if cell.replace(",", "").isdigit() else cell
        for place, cell in enumerate(clinic["IGF1_ng_ml"])
    ]  # fmt: skip
    clinic.to_csv(data / "lots.csv", sep=";", index=False)
    config = project.config() | FAST
    entries = {entry["name"]: entry for entry in config["cohorts"]}
    config["cohorts"] = [
        entries["clinic"], entries["imaging"],
        {**entries["imaging"], "name": "again", "label": "Again", "table": "again.csv"},
        {**entries["clinic"], "name": "lots", "label": "Lots", "table": "lots.csv"},
    ]  # fmt: skip
    claims = yaml.safe_load((project.folder / "config/claims.yaml").read_text("utf-8"))["claims"]
    women = {**claims[0], "id": "women_lower", "family": "women"}
    women["estimand"] = {**women["estimand"], "population": "women"}
    config["claims"] = project.write({"claims": [*claims, women]}, "claims.yaml")
    result = project.run("--configfile", project.write(config))
    assert result.returncode == 0, said(result)
    return project


def table(project: Project) -> pd.DataFrame:
    return results.read(project.results() / "pooled/results.parquet")


def test_of_two_cohorts_with_the_same_people_the_smaller_is_left_out(gated: Project):
    path = Path(gated.results() / "pooled/overlap.json")
    decision = json.loads(path.read_text(encoding="utf-8"))
    assert set(decision["left_out"]) == {"again"}
    assert "imaging" in decision["left_out"]["again"]
    found = results.select(table(gated), cohort="again", analysis="contrast", target="depression",
                           stratum="all")  # fmt: skip
    assert set(found["status"]) == {"ok"}  # it is described, and not pooled


def test_a_cohort_whose_batches_are_its_groups_has_no_contrast_and_says_why(gated: Project):
    for analysis, measure in (("contrast", "smd"), ("validation", "auc")):
        found = results.select(
            table(gated), cohort="lots", analysis=analysis, target="depression", measure=measure,
            stratum="all",
        )  # fmt: skip
        assert set(found["status"]) == {"not_estimable"}
        assert found["reason"].str.contains("batch is confounded with the diagnosis").all()
    apart = results.select(
        table(gated), cohort="lots", analysis="contrast", target="bipolar_vs_depression",
        stratum="all",
    )  # fmt: skip
    assert set(apart["status"]) == {"ok"}  # both groups are of one lot


def test_only_what_counts_is_pooled(gated: Project):
    pooled = results.select(
        table(gated), cohort="pooled", analysis="contrast", target="depression", measure="k"
    )
    assert set(pooled["estimate"]) == {2}
    predictions = pd.read_parquet(gated.results() / "pooled/predictions.parquet")
    depression = predictions[predictions["task"] == "depression"]
    assert set(depression["held_out"]) == {"clinic", "imaging"}


def test_a_claim_about_women_is_judged_by_women_from_the_cohorts_to_the_report(gated: Project):
    found = table(gated)
    verdicts = json.loads((gated.results() / "pooled/verdicts.json").read_text("utf-8"))
    (verdict,) = (one for one in verdicts if one["claim"] == "women_lower")
    row = found.set_index("result_id").loc[verdict["result_ids"]].iloc[0]
    assert (row["stratum"], row["claim"], row["measure"]) == ("women", "women_lower", "smd")
    keys = {"analysis": "contrast", "target": "depression", "adjustment": "adjusted"}
    of_women = results.select(found, **keys, cohort=["clinic", "imaging"], stratum="women")
    assert row["n"] == of_women["n"].sum() > 100
    interval = results.select(found, **keys, cohort="pooled", stratum="women",
                              term="normal_interval")  # fmt: skip
    assert set(interval["claim"]) == {"women_lower"}
    shifts = found[(found["analysis"] == "tipping") & found["stratum"].str.startswith("women|")]
    assert {"clinic", "imaging"} <= set(shifts["cohort"])  # nothing is imputed here: with a reason
    report = (gated.results() / "report.html").read_text(encoding="utf-8")
    assert "Women: pooled difference" in report.replace("\N{NO-BREAK SPACE}", " ")
    assert (gated.results() / "figures/forest_claim_women_lower.png").is_file()
    released = pd.read_parquet(gated.results() / "release/results.parquet")
    assert released.loc[released["stratum"].str.startswith("women"), "n"].isna().all()


def test_the_report_tells_both(gated: Project):
    report = (gated.results() / "report.html").read_text(encoding="utf-8")
    assert "batch is confounded with the diagnosis" in report
    assert "left out" in report


def test_a_study_with_unconfirmed_guesses_does_not_run(project: Project):
    text = (project.folder / "config/config.yaml").read_text(encoding="utf-8")
    line = "    baseline: 1\n"
    marked = text.replace(line, "    # CONFIRM: Is 1 the first visit?\n" + line)
    (project.folder / "config/config.yaml").write_text(marked, encoding="utf-8")
    result = project.run()
    assert result.returncode != 0
    assert "Is 1 the first visit?" in said(result)
    assert "Traceback" not in said(result)
    assert not (project.folder / "results").exists()
