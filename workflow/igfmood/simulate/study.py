"""Writing the default study's invented cohorts.

Takes: a folder and a seed.
Gives: five cohort files, `truth.yaml`, `README.md` and `checksums.sha256`; the same seed gives the
same bytes.
"""

from pathlib import Path

from igfmood.simulate import clinic, imaging, population, register, trial
from igfmood.simulate.cohort import CohortPlan, make_cohort
from igfmood.simulate.dictionary import readme_text
from igfmood.simulate.files import write_checksums, write_yaml
from igfmood.simulate.truth import truth_document

DEFAULT_SEED = 20260101
PLANS: list[CohortPlan] = [clinic.PLAN, register.PLAN, population.PLAN, trial.PLAN, imaging.PLAN]
HEADING = "What is planted in the invented cohorts of this folder. Written with them; do not edit."


def write_default_study(folder: Path, seed: int) -> list[Path]:
    """Write the invented cohorts with their truth, dictionary and checksums.

    Parameters
    ----------
    folder : Path
        Made if it is not there; files of the same names are replaced.
    seed : int
        `DEFAULT_SEED` gives the files that come with the package's repository.

    Returns
    -------
    list of Path
        The files written, checksums last.
    """
    folder.mkdir(parents=True, exist_ok=True)
    cohorts = [make_cohort(plan, seed) for plan in PLANS]
    written = []
    for cohort in cohorts:
        written.append(folder / cohort.plan.file)
        cohort.plan.write(written[-1], cohort.table)
    truth, readme, sums = (
        folder / name for name in ("truth.yaml", "README.md", "checksums.sha256")
    )
    write_yaml(truth, truth_document(seed, cohorts), HEADING)
    readme.write_bytes(readme_text(seed, PLANS).encode("utf-8"))
    written += [truth, readme]
    write_checksums(sums, written)
    return [*written, sums]
