"""The finished study: results, verdicts, configuration in; figures and the report out."""

from pathlib import Path

from igfmood.jobs import logged
from igfmood.report.load import ReportInputs
from igfmood.report.study import write_report

with logged(snakemake.log[0]):
    found = snakemake.input
    inputs = ReportInputs(
        Path(found.results), Path(found.verdicts), Path(found.lock), Path(found.config),
        Path(found.claims), tuple(Path(path) for path in found.flows),
    )  # fmt: skip
    figures = Path(snakemake.output.figures[0]).parent
    vectors = figures.parent / "release" / "figures"
    write_report(inputs, figures, Path(snakemake.output.report), snakemake.threads, vectors)
