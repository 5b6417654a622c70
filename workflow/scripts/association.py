"""One cohort: participants in; estimates out."""

from pathlib import Path

from igfmood.association.cohort import analyse_cohort, write_failure
from igfmood.config.claims import Estimand
from igfmood.config.study import Study
from igfmood.jobs import logged, or_record
from igfmood.provenance import file_digest
from igfmood.results import Source

with logged(snakemake.log[0]):
    study = Study.model_validate(snakemake.params.study)
    estimands = [Estimand.model_validate(one) for one in snakemake.params.estimands]
    participants = Path(snakemake.input.participants)
    inputs = file_digest([participants])
    source = Source(
        study.study, study.cohorts[0].name, study.seed, snakemake.params.code, inputs, study.level
    )
    output = Path(snakemake.output.results)
    or_record(
        lambda: analyse_cohort(study, estimands, participants, source, output),
        lambda reason: write_failure(reason, source, output),
    )
