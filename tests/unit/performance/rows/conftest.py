"""Studies that were validated once, for all tests of their rows."""

import pytest

from unit.performance.rows.worlds import World, cohort_of, run, study_of, with_gaps


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Three cohorts without gaps: a contrast, an event to come, and three classes."""
    study = study_of(
        "a", "b", "c", prediction={"outcomes": ["incident_depression", "diagnosis"]},
        tasks=[
            {"name": "depression", "label": "Depression", "cases": ["mdd"],
             "controls": ["control"]},
            {"name": "bipolar", "label": "Bipolar", "cases": ["bipolar"], "controls": ["control"]},
        ],
    )  # fmt: skip
    tables = {name: cohort_of(seed) for seed, name in enumerate("abc", start=1)}
    return run(tmp_path_factory.mktemp("whole"), study, tables)


@pytest.fixture(scope="session")
def gaps(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Two cohorts in which the BMI of some is not known."""
    tables = {name: with_gaps(cohort_of(seed)) for seed, name in ((4, "a"), (5, "b"))}
    return run(tmp_path_factory.mktemp("gaps"), study_of("a", "b"), tables)


@pytest.fixture(scope="session")
def refused(tmp_path_factory: pytest.TempPathFactory) -> World:
    """One cohort that can take part, one with too few cases, one that failed."""
    tables = {
        "a": cohort_of(1, control=60, mdd=40),
        "b": cohort_of(2, control=60, mdd=5),
        "c": cohort_of(3).iloc[:0, :0],
    }
    study = study_of("a", "b", "c", tasks=[
        {"name": "depression", "label": "Depression", "cases": ["mdd"], "controls": ["control"]},
        {"name": "bipolar", "label": "Bipolar", "cases": ["bipolar"], "controls": ["control"]},
    ])  # fmt: skip
    return run(tmp_path_factory.mktemp("refused"), study, tables)
