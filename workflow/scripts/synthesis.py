"""All cohorts: their estimates in; pooled estimates out."""

from pathlib import Path

from igfmood.config.study import Study
from igfmood.jobs import logged
from igfmood.provenance import file_digest
from igfmood.results import POOLED, Source
from igfmood.synthesis.study import SynthesisInputs, synthesise

with logged(snakemake.log[0]):
    study = Study.model_validate(snakemake.params.study)
    files = SynthesisInputs(
        tables=[Path(path) for path in snakemake.input.results],
        participants={
            cohort.name: Path(path)
            for cohort, path in zip(study.cohorts, snakemake.input.participants, strict=True)
        },
        overlap=Path(snakemake.input.overlap),
    )
    others = [*snakemake.input.participants, *snakemake.input.genetics, *snakemake.input.published]
    source = Source(
        study.study,
        POOLED,
        study.seed,
        snakemake.params.code,
        file_digest([*files.tables, *others]),
        study.level,
    )
    output = Path(snakemake.output.results)
    synthesise(study, files, source, output, snakemake.params.populations)
