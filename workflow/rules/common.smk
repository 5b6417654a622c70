# The checked study, and what every rule needs of it. All logic is in the package.
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

# The package stands beside the rules: it is found whether or not it is installed.
sys.path.insert(0, str(Path(str(workflow.current_basedir)).parent))

from igfmood.cohort.inputs import genetic_files, load_study
from igfmood.cohort.read import table_path
from igfmood.config.claims import populations_of
from igfmood.config.load import load_claims, refusal
from igfmood.config.lock import analysis_parts, find_lock
from igfmood.errors import IgfmoodError
from igfmood.evidence.closing import closing_lines, error_hint
from igfmood.intake.marks import refuse_unconfirmed
from igfmood.jobs import keep_private, let_jobs_find_the_package, one_thread_a_job
from igfmood.provenance import code_digest
from igfmood.report.names import BLIND, figure_names, is_vector
from igfmood.visible import one_line, visible

let_jobs_find_the_package()
one_thread_a_job()
keep_private()

STUDY_FILES = [path for path in workflow.configfiles if str(path).endswith((".yaml", ".yml"))]

try:
    refuse_unconfirmed(STUDY_FILES)
    STUDY = load_study(config, STUDY_FILES)
    LOCK = find_lock(STUDY, STUDY_FILES)
    if workflow.is_main_process:  # once, not in every job
        from igfmood.synthesis.literature import refuse_unreadable

        refuse_unreadable(STUDY)
        if STUDY.genetics is not None:
            from igfmood.synthesis.genetic_tables import refuse_wrong_tables

            refuse_wrong_tables(STUDY)
except IgfmoodError as error:
    raise WorkflowError(refusal(error, STUDY_FILES))

RESULTS = Path("results") / STUDY.study
CLOSING = [
    RESULTS / name for name in ("report.html", "pooled/verdicts.json", "pooled/results.parquet")
]
COHORTS = [cohort.name for cohort in STUDY.cohorts]
# Cohort: its raw tables, and its published reference.
TABLES = {
    cohort.name: [table_path(STUDY.data_root, table) for table in cohort.files()]
    for cohort in STUDY.cohorts
}
# Cohort: its published reference, if it has one.
REFERENCE = {
    cohort.name: [table_path(STUDY.data_root, cohort.reference.table)]
    for cohort in STUDY.cohorts
    if cohort.reference.table
}
REFERENCES = [path for paths in REFERENCE.values() for path in paths]

GENETICS = genetic_files(STUDY)
PUBLISHED = [STUDY.published_evidence] if STUDY.published_evidence else []
# Jobs that share the worlds; none where no world is asked for.
WORLD_PARTS = range(min(STUDY.operating.parts, STUDY.operating.worlds))
CLAIMS = load_claims(STUDY.claims).claims
# Estimated under shifts of imputed scores in every cohort; the rest of a claim is no job's but the
# last ones'.
ESTIMANDS = [claim.estimand.model_dump() for claim in CLAIMS if claim.kind == "effect"]
# Among whom they are; the pooled numbers of these come with all that a verdict needs.
POPULATIONS = populations_of(CLAIMS)


pathvars:
    results=RESULTS.as_posix(),
    logs=(RESULTS / "logs").as_posix(),
    benchmarks=(RESULTS / "benchmarks").as_posix(),


wildcard_constraints:
    cohort="|".join(COHORTS),
    part="[0-9]+",


def cohort_tables(wildcards):
    """Return the raw tables of a cohort, and its published reference."""
    return TABLES[wildcards.cohort]


def cohort_reference(wildcards):
    """Return the published reference of a cohort, if it has one."""
    return REFERENCE.get(wildcards.cohort, [])


def report_figures():
    """Return every figure of the report, as outputs that Snakemake's own report shows."""
    return [
        reported(
            f"<results>/figures/{one.name}.png", one.caption, one.category, one.kind, one.about
        )
        for one in figure_names(STUDY, CLAIMS)
    ]


def vector_figures():
    """Return the figures that are given as PDF too."""
    names = [one.name for one in figure_names(STUDY, CLAIMS)]
    return [f"<results>/release/figures/{name}.pdf" for name in names if is_vector(name)]


def reported(path, caption, category, figure, about):
    """Return an output that Snakemake's report shows."""
    labels = {"figure": figure, "about": about}
    return report(path, caption=f"../report/{caption}.rst", category=category, labels=labels)
