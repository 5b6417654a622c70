"""The study: every result and the claims in; one table of results and the verdicts out."""

from pathlib import Path

from igfmood.config.study import Study
from igfmood.evidence.study import judge_study
from igfmood.jobs import logged
from igfmood.provenance import file_digest
from igfmood.results import POOLED, Source

with logged(snakemake.log[0]):
    study = Study.model_validate(snakemake.params.study)
    found = snakemake.input
    tables = [Path(path) for path in (*found.cohorts, *found.association, *found.pooled)]
    worlds = [Path(path) for path in found.worlds]
    inputs = file_digest([found.claims, *tables, *worlds])
    source = Source(study.study, POOLED, study.seed, snakemake.params.code, inputs, study.level)
    judge_study(
        study, Path(found.claims), tables, worlds, source,
        Path(snakemake.output.results), Path(snakemake.output.verdicts),
    )  # fmt: skip
