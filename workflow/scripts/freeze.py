"""All cohorts: participants in; a model of each task and tier, built from everybody, out."""

from pathlib import Path

from igfmood.config.study import Study
from igfmood.jobs import logged
from igfmood.performance.frozen.freeze import Source, freeze_study
from igfmood.provenance import file_digest

with logged(snakemake.log[0]):
    study = Study.model_validate(snakemake.params.study)
    tables = [Path(path) for path in snakemake.input.participants]
    names = [cohort.name for cohort in study.cohorts]
    freeze_study(
        study, dict(zip(names, tables, strict=True)), Path(snakemake.input.overlap),
        Source(snakemake.params.code, file_digest(tables)), Path(snakemake.output.models),
    )  # fmt: skip
