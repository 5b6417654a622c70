"""Every fault ends in one clear error, in counted quarantine, or in the value that was meant."""

import re
import resource
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import igfmood.intake.check
from faults import (
    cases_assay,
    cases_cells,
    cases_config,
    cases_files,
    cases_genes,
    cases_joins,
    cases_typed,
)
from faults.case import Case, check_account, check_values, lay_out, write
from igfmood import results
from igfmood.cli import main
from igfmood.cohort.inputs import load_study
from igfmood.config.load import read_yaml
from igfmood.errors import IgfmoodError
from igfmood.normalise.participants import Prepared

CASES = [
    *cases_files.CASES, *cases_cells.CASES, *cases_typed.CASES, *cases_joins.CASES,
    *cases_config.CASES, *cases_assay.CASES, *cases_genes.CASES,
]  # fmt: skip
BY_NAME = {case.name: case for case in CASES}
STUDY = Path("study.yaml")


@pytest.fixture
def prepared(monkeypatch: pytest.MonkeyPatch) -> list[Prepared]:
    """Every cohort that `igfmood check` has read, as it got it."""
    found: list[Prepared] = []
    prepare = igfmood.intake.check.prepare_cohort

    def noting(*arguments: object) -> Prepared:
        found.append(prepare(*arguments))  # type: ignore[arg-type]
        return found[-1]

    monkeypatch.setattr(igfmood.intake.check, "prepare_cohort", noting)
    return found


def test_the_corpus_is_large_and_each_fault_has_its_own_name():
    assert len(BY_NAME) == len(CASES)
    assert sum(bool(case.error or case.quarantine) for case in CASES) >= 150


@pytest.mark.parametrize("case", [case for case in CASES if case.error], ids=lambda case: case.name)
def test_one_clear_error(case: Case, tmp_path, monkeypatch, capsys):
    lay_out(case, tmp_path)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(IgfmoodError) as caught:
        write(STUDY)
    message = str(caught.value)
    for phrase in case.error:
        assert phrase in message
    assert type(caught.value) is case.kind
    assert len(message) < 4000
    # The reason of a failure is shown in the report: it names rows, never a person.
    assert not re.search(r"\bP0\d\d\b", message)

    assert main(["check", str(STUDY)]) == 1
    said = unwrapped(capsys.readouterr())
    assert "Traceback" not in said
    for phrase in case.error:
        assert "".join(phrase.split()) in said
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize(
    "case", [case for case in CASES if not case.error], ids=lambda case: case.name
)
def test_quarantine_with_every_row_counted_and_no_wrong_value(
    case: Case, tmp_path, monkeypatch, capsys, prepared
):
    lay_out(case, tmp_path)
    monkeypatch.chdir(tmp_path)
    load_study(read_yaml(STUDY))
    code = main(["check", str(STUDY)])
    said = unwrapped(capsys.readouterr())
    assert code == 0, said
    assert "Traceback" not in said
    check_account(case, prepared[0])
    check_values(case, prepared[0])
    for phrase in case.quarantine.values():
        assert "".join(phrase.split()) in said
    # What `check` finds sound, a run takes to its end.
    assert results.read(write(STUDY).results)["status"].ne("failed").all()


@pytest.mark.parametrize("fault", cases_assay.CONTROL_CELLS)
def test_a_fault_of_control_samples_is_told_and_the_cohort_stands(
    fault, tmp_path, monkeypatch, capsys
):
    text, phrase = cases_assay.CONTROL_CELLS[fault]
    sound = BY_NAME["control samples"]
    lay_out(replace(sound, make=cases_assay.samples(text)), tmp_path)
    monkeypatch.chdir(tmp_path)
    assert main(["check", str(STUDY)]) == 1
    assert "".join(phrase.split()) in unwrapped(capsys.readouterr())
    table = results.read(write(STUDY).results)
    assert table["status"].ne("failed").all()
    (reason,) = results.select(table, analysis="assay_lots")["reason"]
    assert phrase in reason


def unwrapped(streams: tuple[str, str]) -> str:
    """Return what was said without any white space, for the console breaks lines."""
    return "".join("".join(streams).split())


FORMULAS = [case for case in cases_cells.FORMULAS if case.quarantine]


@pytest.mark.parametrize("case", FORMULAS, ids=lambda case: case.name)
def test_no_cell_of_the_quarantine_file_is_a_formula(case: Case, tmp_path, monkeypatch):
    lay_out(case, tmp_path)
    monkeypatch.chdir(tmp_path)
    table = pd.read_csv(write(STUDY).quarantine, dtype=str, keep_default_na=False)
    assert set(table["row"].astype(int)) == set(case.quarantine)
    opened = table[["column", "value", "reason"]].stack()
    assert not opened.str.match(r"[=+\-@\t\r]").any()
    assert opened.str.match("'[=+@-]").any()


def test_a_sparse_file_takes_no_memory(tmp_path, monkeypatch):
    lay_out(BY_NAME["sparse file that looks like 10 GB"], tmp_path)
    monkeypatch.chdir(tmp_path)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(IgfmoodError):
        write(STUDY)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # KiB
