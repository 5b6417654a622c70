"""All cohorts: their estimates in; pooled estimates out."""

from pathlib import Path

from igfmood.config.study import Study
from igfmood.jobs import logged
from igfmood.provenance import file_digest
from igfmood.results import POOLED, Source
from igfmood.synthesis.study import synthesise

with logged(snakemake.log[0]):
    study = Study.model_validate(snakemake.params.study)
    tables = [Path(path) for path in snakemake.input.results]
    source = Source(
        study.study,
        POOLED,
        study.seed,
        snakemake.params.code,
        file_digest([*tables, *snakemake.input.genetics]),
        study.level,
    )
    synthesise(study, tables, Path(snakemake.input.overlap), source, Path(snakemake.output.results))
