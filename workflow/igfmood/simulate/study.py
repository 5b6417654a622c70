"""Writing the default study's invented cohorts.

Takes: a folder, a seed, and how many people each cohort has.
Gives: five cohort files, `truth.yaml`, `README.md` and `checksums.sha256`; the same seed gives the
same bytes.
"""

from dataclasses import replace
from pathlib import Path

from igfmood.errors import ConfigError
from igfmood.simulate import clinic, imaging, population, register, trial
from igfmood.simulate.cohort import CohortPlan, make_cohort
from igfmood.simulate.dictionary import readme_text
from igfmood.simulate.files import write_checksums, write_yaml
from igfmood.simulate.truth import truth_document

DEFAULT_SEED = 20260101
PLANS: list[CohortPlan] = [clinic.PLAN, register.PLAN, population.PLAN, trial.PLAN, imaging.PLAN]
HEADING = "What is planted in the invented cohorts of this folder. Written with them; do not edit."


#: Fewer people than this leave no rows for the faults that are planted in a cohort.
FEWEST = 180


def scaled(plan: CohortPlan, people: int) -> CohortPlan:
    """Return a cohort's plan with another number of people, in the same shares of groups.

    Parameters
    ----------
    plan : CohortPlan
    people : int
        `FEWEST` or more.

    Raises
    ------
    ConfigError
        If there are too few.
    """
    if people < FEWEST:
        raise ConfigError(
            f"a cohort of {people} people is too small for the faults planted in it: {FEWEST} or "
            "more"
        )
    usual = sum(plan.sizes.values())
    sizes = {group: round(people * n / usual) for group, n in plan.sizes.items()}
    largest = max(sizes, key=lambda group: sizes[group])
    sizes[largest] += people - sum(sizes.values())
    return replace(plan, sizes=sizes)


def write_default_study(folder: Path, seed: int, people: int | None = None) -> list[Path]:
    """Write the invented cohorts with their truth, dictionary and checksums.

    Parameters
    ----------
    folder : Path
        Made if it is not there; files of the same names are replaced.
    seed : int
        `DEFAULT_SEED` gives the files that come with the package's repository.
    people : int, optional
        People in each cohort, in the cohort's own shares of groups; without it its usual size.

    Returns
    -------
    list of Path
        The files written, checksums last.
    """
    folder.mkdir(parents=True, exist_ok=True)
    plans = PLANS if people is None else [scaled(plan, people) for plan in PLANS]
    cohorts = [make_cohort(plan, seed) for plan in plans]
    written = []
    for cohort in cohorts:
        written.append(folder / cohort.plan.file)
        cohort.plan.write(written[-1], cohort.table)
    truth, readme, sums = (
        folder / name for name in ("truth.yaml", "README.md", "checksums.sha256")
    )
    write_yaml(truth, truth_document(seed, cohorts), HEADING)
    readme.write_bytes(readme_text(seed, plans).encode("utf-8"))
    written += [truth, readme]
    write_checksums(sums, written)
    return [*written, sums]
