"""All cohorts: participants, predictions within each in; all predictions, their measures out."""

from pathlib import Path

from igfmood.config.study import Study
from igfmood.jobs import logged
from igfmood.performance.study import Within, validate_study
from igfmood.provenance import file_digest
from igfmood.results import POOLED, Source

with logged(snakemake.log[0]):
    study = Study.model_validate(snakemake.params.study)
    tables = [Path(path) for path in snakemake.input.participants]
    names = [cohort.name for cohort in study.cohorts]
    source = Source(
        study.study, POOLED, study.seed, snakemake.params.code, file_digest(tables), study.level
    )
    found = zip(snakemake.input.within, snakemake.input.predictions, strict=True)
    within = [Within(Path(rows), Path(predictions)) for rows, predictions in found]
    validate_study(
        study, dict(zip(names, tables, strict=True)), dict(zip(names, within, strict=True)),
        Path(snakemake.input.overlap), source, Path(snakemake.output.results),
        Path(snakemake.output.predictions), snakemake.threads,
    )  # fmt: skip
