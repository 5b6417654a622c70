"""All cohorts: participants in; who is in two of them, and which cohort is left out, out."""

from pathlib import Path

from igfmood.cohort.overlap import write_overlap
from igfmood.config.study import Study
from igfmood.jobs import logged
from igfmood.provenance import file_digest
from igfmood.results import POOLED, Source

with logged(snakemake.log[0]):
    study = Study.model_validate(snakemake.params.study)
    tables = [Path(path) for path in snakemake.input.participants]
    names = [cohort.name for cohort in study.cohorts]
    source = Source(
        study.study, POOLED, study.seed, snakemake.params.code, file_digest(tables), study.level
    )
    write_overlap(
        study, dict(zip(names, tables, strict=True)), source,
        Path(snakemake.output.results), Path(snakemake.output.decision),
    )  # fmt: skip
