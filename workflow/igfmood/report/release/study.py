"""The release of a study: everything that may be passed on, in one folder.

Takes the finished report and the files it was written from; writes the workbook, the results, the
codebook and the crate that says where they come from.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import igfmood
from igfmood import results
from igfmood.files import whole
from igfmood.provenance import versions
from igfmood.report.load import Findings, ReportInputs, load_findings
from igfmood.report.release import crate
from igfmood.report.release.codebook import Line, lines, load_codebook
from igfmood.report.release.page import read_page
from igfmood.report.release.rows import released
from igfmood.report.release.sheets import sheets
from igfmood.report.release.workbook import Sheet, write_workbook

#: The workflow's table of contents; it stands beside the package.
_WORKFLOW = Path(igfmood.__file__).parents[1] / "Snakefile"


@dataclass(frozen=True)
class Release:
    """Files of a release.

    Parameters
    ----------
    folder
        Where they go; models that are already there become part of the crate.
    workbook, table, codebook, workflow
        Tables of the report, results, what the words mean, the workflow's file.
    """

    folder: Path
    workbook: Path
    table: Path
    codebook: Path
    workflow: Path


def write_release(
    inputs: ReportInputs, report: Path, release: Release, read: Sequence[Path], code: str,
    benchmarks: Path,
) -> None:  # fmt: skip
    """Write everything that may leave the study.

    Parameters
    ----------
    inputs, report
        What the report was written from, and the report.
    release
        The files to write.
    read
        Files that the run read: tables of people, genetics, published studies.
    code
        Digest of the package's code.
    benchmarks
        Folder with the time that every job took.
    """
    findings = load_findings(inputs)
    codebook = load_codebook()
    table = released(findings, codebook)
    book = sheets(read_page(report.read_text(encoding="utf-8")), findings, table)
    results.write(table, release.table)
    write_workbook(book, findings.study.title or findings.study.study, release.workbook)
    told = lines(codebook, findings.table, table, [_line(sheet) for sheet in book])
    with whole(release.codebook) as beside:
        told.to_csv(beside, index=False, lineterminator="\n")
    with whole(release.workflow) as beside:
        shutil.copyfile(_WORKFLOW, beside)
    outputs = [release.workbook, release.table, release.codebook]
    outputs += sorted(release.folder.glob("models/**/*.json"))
    started, ended = crate.times(benchmarks)
    run = crate.Run(
        findings.study.study, findings.study.title, versions(), code, _settings(findings),
        started, ended,
    )  # fmt: skip
    made = crate.metadata(
        run, release.folder, outputs, release.workflow, [inputs.config, inputs.claims, *read],
        [report],
    )  # fmt: skip
    crate.write_crate(made, release.folder)


def _settings(findings: Findings) -> dict[str, str | int]:
    study = findings.study
    return {
        "study": study.study, "seed": study.seed, "analyte": study.analyte.label,
        "disclosure.min_cell": study.disclosure.min_cell,
        "cohorts": ", ".join(cohort.name for cohort in study.cohorts),
    }  # fmt: skip


def _line(sheet: Sheet) -> Line:
    about = f"columns: {'; '.join(sheet.heads)}"
    return Line("sheet", sheet.name, about, "", "report.html", len(sheet.rows), len(sheet.rows))
