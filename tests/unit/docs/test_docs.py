"""What the documents say is so: their examples validate, their commands and paths exist.

Takes the Markdown files of the repository; gives one failure for each statement that is not true.
Snakemake commands are tried (``-n``) in a copy, so that no lock and no result here is touched.
"""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import jsonschema
import pandas as pd
import pytest
import yaml

from igfmood.cli import main
from igfmood.cohort.inputs import load_study
from igfmood.config.claims import Claims
from igfmood.config.cohort import Cohort
from igfmood.config.load import parse_study
from igfmood.document import json_schema, with_parameters
from igfmood.performance.frozen.document import write_model
from unit.performance.frozen.studies import data_of, model_of, study_of, tables_of
from workflow.project import Project, make_project, said

ROOT = Path(__file__).resolve().parents[3]
FOLDERS = ("", "config/", "docs/", "docs/sources/", "benchmarks/", "data_synthetic/")
DOCUMENTS = sorted(path for folder in FOLDERS for path in ROOT.glob(f"{folder}*.md"))
WITH_YAML = [ROOT / "README.md", ROOT / "config" / "README.md"]
#: Files that a reader is told to write.
TO_BE_WRITTEN = {"config/mine.yaml"}
#: A whole cohort, which the fragments of the documents are laid over.
COHORT = {
    "name": "demo", "design": "clinical", "table": "demo.csv",
    "columns": {
        "participant_id": "id", "age_years": "age", "sex": "sex", "bmi": "bmi",
        "pregnant": "pregnant",
    },
    "phq9": {"total": "phq"},
}  # fmt: skip
#: Where the files of an example study are, below the folder of the reference data.
REAL_DATA = {"nhanes_crp.yaml": "data/nhanes", "case_control.yaml": "data/coding"}


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def fences(path: Path) -> Iterator[tuple[str, str]]:
    """Yield language and text of each fenced block."""
    pattern = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
    for match in pattern.finditer(path.read_text(encoding="utf-8")):
        yield match[2], dedent(match[3])


def spans(path: Path) -> list[str]:
    """Return every text between single backticks."""
    text = re.sub(r"^ *```.*?^ *```$", "", path.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"`([^`\n]+)`", text)


def commands(path: Path) -> list[str]:
    """Return what is to be typed: lines of plain blocks without comments, and code spans."""
    lines = [line for language, text in fences(path) if not language for line in text.splitlines()]
    return [line.split(" #")[0].strip() for line in lines] + spans(path)


def yaml_blocks(path: Path) -> list[Any]:
    return [yaml.safe_load(text) for language, text in fences(path) if language == "yaml"]


def studies(path: Path) -> list[dict[str, Any]]:
    return [block for block in yaml_blocks(path) if block and "study" in block]


def write_tables(study: dict[str, Any], folder: Path) -> None:
    """Write tables that have the columns a study names, and one empty row."""
    for cohort in parse_study(study).cohorts:
        table = pd.DataFrame([dict.fromkeys(cohort.source_columns(), "")])
        target = folder / cohort.table
        if target.suffix == ".parquet":
            table.to_parquet(target)
        else:
            tabs = ".tsv" in target.suffixes
            table.to_csv(target, index=False, sep="\t" if tabs else ",")


# ---- YAML ----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", WITH_YAML, ids=named)
def test_yaml_examples_validate(path: Path) -> None:
    blocks = [block for block in yaml_blocks(path) if block]
    assert blocks
    for block in blocks:
        if "study" in block:
            parse_study(block)
        elif "claims" in block:
            Claims.model_validate(block)
        else:
            Cohort.model_validate({**COHORT, **block})


@pytest.mark.parametrize("path", WITH_YAML, ids=named)
def test_example_studies_load_with_their_tables(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    assert studies(path)
    for study in studies(path):
        write_tables(study, tmp_path)
        assert load_study({**study, "data_root": str(tmp_path)}).study == study["study"]


def test_parameter_table_and_schema_are_fresh() -> None:
    readme = (ROOT / "config" / "README.md").read_text(encoding="utf-8")
    assert with_parameters(readme) == readme, "run `igfmood schema`"
    schema = (ROOT / "config" / "config.schema.json").read_text(encoding="utf-8")
    assert schema == json_schema(), "run `igfmood schema`"


def test_editors_accept_every_study() -> None:
    validator = jsonschema.Draft202012Validator(json.loads(json_schema()))
    files = [ROOT / "config" / "config.yaml", *(ROOT / "config" / "examples").glob("*.yaml")]
    found = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in files]
    found += [study for path in WITH_YAML for study in studies(path)]
    with_cohorts = [study for study in found if "cohorts" in study]
    assert len(with_cohorts) >= 5
    for study in with_cohorts:
        # Keys of a JSON object are text.
        validator.validate(json.loads(json.dumps(study)))


def test_editors_refuse_an_unknown_key() -> None:
    validator = jsonschema.Draft202012Validator(json.loads(json_schema()))
    assert not validator.is_valid({"study": "demo", "cohorts": [COHORT], "tusk": 1})
    assert validator.is_valid({"study": "demo", "cohorts": [COHORT]})


def test_every_parameter_has_a_meaning() -> None:
    readme = (ROOT / "config" / "README.md").read_text(encoding="utf-8")
    assert not re.findall(r"^\| `\w+` \|.*\|  \|$", readme, flags=re.MULTILINE)


def test_console_example_names_the_claims() -> None:
    claims = Claims.model_validate(yaml.safe_load((ROOT / "config/claims.yaml").read_text("utf-8")))
    block = next(text for _, text in fences(ROOT / "README.md") if text.startswith("Report: "))
    shown = [line[len("  NOT EVALUABLE  ") :] for line in block.splitlines()[1:]]
    assert shown == [claim.statement for claim in claims.claims]


# ---- commands ------------------------------------------------------------------------------


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_make_targets_exist(path: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, flags=re.MULTILINE))
    mentioned = {match for text in commands(path) for match in re.findall(r"^make ([a-z-]+)", text)}
    assert mentioned <= targets


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_igfmood_commands_exist(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for text in commands(path):
        for command in re.findall(r"(?:^|/)igfmood ([a-z]+)", text):
            with pytest.raises(SystemExit) as end:
                main([command, "--help"])
            assert end.value.code == 0, f"igfmood has no command {command!r}"
    capsys.readouterr()


def test_the_steps_of_the_readme_lead_to_the_results_of_their_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    steps = readme.split("## Your own cohort in five steps")[1].split("A finished study file")[0]
    typed = re.findall(r"^ *(igfmood init .+)$", steps, flags=re.MULTILINE)
    assert len(typed) == 1
    command = shlex.split(typed[0])[1:]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / command[1]).write_bytes((ROOT / "data_synthetic/clinic.csv").read_bytes())
    assert main(command) == 0
    capsys.readouterr()
    drafted = yaml.safe_load((tmp_path / command[-1]).read_text(encoding="utf-8"))
    places = re.findall(r"results/([\w-]+)(?:/(?:private|cohorts)/([\w-]+))?", steps)
    assert len(places) >= 4
    assert {study for study, _ in places} == {drafted["study"]}
    assert {cohort for _, cohort in places if cohort} == {drafted["cohorts"][0]["name"]}
    shown = re.findall(r"(?:igfmood check|igfmood lock|--configfile) (\S+?)`?[\s.]*$", steps,
                       flags=re.MULTILINE)  # fmt: skip
    assert shown == [command[-1]] * 4


# ---- links and paths -----------------------------------------------------------------------


def anchors(path: Path) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^a-z0-9 _-]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_links_lead_somewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'src="([^"]+)"', text)
    problems = []
    for link in links:
        place, _, anchor = link.partition("#")
        target = (path.parent / place) if place else path
        if "://" in link:
            continue
        if not target.exists():
            problems.append(f"{link}: no such file")
        elif anchor and anchor not in anchors(target):
            problems.append(f"{link}: no such heading")
    assert not problems


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_paths_exist(path: Path) -> None:
    folders = "|".join(("config", "workflow", "docs", "tests", "benchmarks", "data_synthetic"))
    inside = re.compile(rf"(?<![\w/.<>-])(?:{folders})/[\w./-]*\w(?![\w/<*])")
    beside = re.compile(r"^[\w-]+\.(?:ya?ml|toml|lock|cff|md)$")
    mentioned = {match for text in commands(path) for match in inside.findall(text)}
    missing = [name for name in mentioned - TO_BE_WRITTEN if not (ROOT / name).exists()]
    names = [text for text in spans(path) if beside.match(text) and not text.startswith("config.")]
    missing += [
        name for name in names if not any((ROOT / at / name).exists() for at in (".", path.parent))
    ]
    assert not missing


# ---- Snakemake -----------------------------------------------------------------------------


def snakemake_commands() -> list[tuple[Path, str]]:
    """Return each Snakemake command of the documents that a dry run can try."""
    found = [
        (path, text)
        for path in DOCUMENTS
        for text in commands(path)
        if text.startswith("snakemake ") and ("--cores" in text) and "<plugin>" not in text
    ]
    return sorted(set(found))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a copy of the project, with a folder for data."""
    project = make_project(tmp_path_factory.mktemp("documents"))
    (project.folder / "data").mkdir()
    return project


@pytest.mark.parametrize(
    ("path", "command"),
    [
        pytest.param(
            path, text, id=f"{named(path)}: {text}",
            marks=[pytest.mark.shared] if "<folder>" in text else [],
        )
        for path, text in snakemake_commands()
    ],
)  # fmt: skip
def test_snakemake_commands_pass_a_dry_run(
    path: Path, command: str, project: Project, request: pytest.FixtureRequest
) -> None:
    if "<folder>" in command:
        shared = request.getfixturevalue("shared")
        example = next(name for name in REAL_DATA if name in command)
        command = command.replace("<folder>", shlex.quote(str(shared / REAL_DATA[example])))
    if "config/mine.yaml" in command:
        mine = studies(path)[0]
        write_tables(mine, project.folder / mine["data_root"])
        project.write(mine, "config/mine.yaml")
    command = command.replace("<study>", "synthetic").replace("<cohort>", "clinic")
    done = project.run("-n", *(word for word in shlex.split(command)[1:] if word != "-n"))
    assert done.returncode == 0, said(done)
    assert "Nothing to be done" not in said(done)


def test_there_are_commands_to_try() -> None:
    texts = [text for _, text in snakemake_commands()]
    assert "snakemake --cores 4" in texts
    for example in REAL_DATA:
        assert any(example in text for text in texts), example


# ---- a frozen model ------------------------------------------------------------------------


def apply_commands() -> list[str]:
    found = [text for path in DOCUMENTS for text in commands(path)]
    return sorted({text for text in found if text.startswith("igfmood apply results/")})


@pytest.mark.parametrize("command", apply_commands())
def test_a_model_is_applied_as_documented(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("config", "data_synthetic"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    _, _, model, table, *options = shlex.split(command)
    study = study_of(tmp_path)
    Path(model).parent.mkdir(parents=True)
    write_model(model_of(study, data_of(study, tables_of()), Path(model).stem), Path(model))
    if table == "table.csv":
        Path(table).write_text("age_years,sex,igf1_value,igf1_unit\n45,female,19.6,nmol/L\n")
    assert main(["apply", model, table, *options]) == 0
    page = (ROOT / "docs" / "apply.md").read_text(encoding="utf-8")
    stem = table.split("/")[-1].split(".")[0]
    output = Path(options[options.index("-o") + 1])
    assert output.is_relative_to("results/synthetic/private"), "scores are of persons"
    for path in output.parent.glob("*_scored*.csv"):
        assert path.name.replace(stem, "table") in page
    assert {"filled_in", "beyond_training"} < set(pd.read_csv(output))
    assert not list(tmp_path.glob("*_scored*.csv"))


def test_there_are_models_to_apply() -> None:
    assert len(apply_commands()) == 2
