"""The study: every result, the claims and the lock in; one table of results, the verdicts out."""

from pathlib import Path

from igfmood.config.study import Study
from igfmood.evidence.prespecified import GENETICS, PUBLISHED
from igfmood.evidence.study import Fixed, judge_study
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
    others = {GENETICS: found.genetics, PUBLISHED: found.published}
    fixed = Fixed(
        Path(found.lock[0]) if found.lock else None, snakemake.params.analysis,
        {name: file_digest(files) for name, files in others.items() if files},
        Path(snakemake.output.lock),
    )  # fmt: skip
    judge_study(
        study, Path(found.claims), tables, worlds, source,
        Path(snakemake.output.results), Path(snakemake.output.verdicts), fixed,
    )  # fmt: skip
