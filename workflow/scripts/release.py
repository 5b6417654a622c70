"""The finished report and what it was written from in; what may leave the study out."""

from pathlib import Path

from igfmood.jobs import logged
from igfmood.report.load import ReportInputs
from igfmood.report.release.study import Release, write_release

with logged(snakemake.log[0]):
    found, made = snakemake.input, snakemake.output
    inputs = ReportInputs(
        Path(found.results), Path(found.verdicts), Path(found.lock), Path(found.config),
        Path(found.claims), tuple(Path(path) for path in found.flows),
    )  # fmt: skip
    release = Release(
        Path(made.crate).parent, Path(made.workbook), Path(made.table), Path(made.codebook),
        Path(made.workflow),
    )  # fmt: skip
    write_release(
        inputs, Path(found.report), release, [Path(path) for path in found.read],
        snakemake.params.code, Path(snakemake.params.benchmarks),
    )  # fmt: skip
