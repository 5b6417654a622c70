"""One cohort: its raw table in; participants, flow, counts and quarantine out."""

from pathlib import Path

from igfmood.config.study import Study
from igfmood.errors import DataError
from igfmood.jobs import logged, or_record
from igfmood.normalise.participants import CohortFiles, write_cohort, write_failure
from igfmood.provenance import file_digest
from igfmood.results import Source

with logged(snakemake.log[0]):
    study = Study.model_validate(snakemake.params.study)
    cohort = study.cohorts[0]
    inputs = file_digest(snakemake.input.tables)
    source = Source(
        study.study, cohort.name, study.seed, snakemake.params.code, inputs, study.level
    )
    files = CohortFiles(
        Path(snakemake.output.participants), Path(snakemake.output.flow),
        Path(snakemake.output.results), Path(snakemake.output.quarantine),
    )  # fmt: skip
    or_record(
        lambda: write_cohort(study, cohort, source, files),
        lambda reason: write_failure(cohort, reason, source, files),
    )
    if file_digest(snakemake.input.tables) != inputs:
        raise DataError(f"a table of cohort {cohort.name} changed while it was read: run again")
