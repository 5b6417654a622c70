"""One cohort: participants in; predictions within it and their measures out."""

from pathlib import Path

from igfmood.config.study import Study
from igfmood.jobs import logged, or_record
from igfmood.performance.cross_validation import cross_validate_cohort, write_failure
from igfmood.provenance import file_digest
from igfmood.results import Source

with logged(snakemake.log[0]):
    study = Study.model_validate(snakemake.params.study)
    participants = Path(snakemake.input.participants)
    source = Source(
        study.study, study.cohorts[0].name, study.seed, snakemake.params.code,
        file_digest([participants]), study.level,
    )  # fmt: skip
    written = Path(snakemake.output.results), Path(snakemake.output.predictions)
    or_record(
        lambda: cross_validate_cohort(study, participants, source, *written, snakemake.threads),
        lambda reason: write_failure(reason, study, source, *written),
    )
