"""One stage of a study by igfmood, timed inside the process, for `stack.py`.

Takes: the folder of its tables, the stage, whether to warm up, a seed.
Gives: a line for each step, its name and seconds; its numbers in ``FOLDER/ours.STEP.bin``.

The counterpart of ``r/stack.R``, function by function.
"""

import gc
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "workflow"))

from stack_data import TABLES, read_table, study

#: What is timed, and the numbers of what it gave.
Step = tuple[Callable[[], Any], Callable[[Any], Any]]
Steps = dict[str, Step]

COVARIATES = ("sds", "age", "female", "bmi", "smoker", "alcohol", "education", "activity")


def main() -> None:
    folder, stage, warm, seed = Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "1", int(sys.argv[4])
    for name, (run, numbers) in STAGES[stage](folder, seed).items():
        if warm:
            run()
        gc.collect()
        start = time.perf_counter()
        found = run()
        seconds = time.perf_counter() - start
        np.asarray(numbers(found), dtype=float).tofile(folder / f"ours.{name}.bin")
        print("step", name, f"{seconds:.6f}", sep="\t")


def cohort(folder: Path, _: int) -> Steps:
    import pyarrow.csv  # noqa: F401

    import igfmood.cohort.read.text  # noqa: F401
    from igfmood.cohort.build import Built, build_cohort
    from igfmood.config.load import parse_study

    checked = parse_study(study(folder))
    entry = checked.cohorts[0]

    def numbers(found: Built) -> np.ndarray:
        return np.concatenate(cohort_numbers(found))

    return {"derive": (lambda: build_cohort(entry, checked.analyte, folder), numbers)}


def cohort_numbers(found: Any) -> list[Any]:
    """Counts, and the columns of the participants, in the order of ``r/stack_cohort.R``."""
    p, excluded = found.participants, found.excluded.value_counts()
    rules = ("pregnancy", "gh disorder", "glucocorticoid", "cirrhosis", "active cancer",
             "underweight")  # fmt: skip
    numeric = ("age_years", "bmi", "height_cm", "crp", "hba1c", "egfr", "alt", "cortisol",
               "insulin", "fasting_h", "stress_score", "cognition_score", "hippocampal_volume",
               "intracranial_volume", "alcohol_g_day", "weight_survey", "igf1_value")  # fmt: skip
    flags = ("pregnant", "ad_use", "lithium", "valproate", "antipsychotic", "oc_use",
             "glucocorticoid", "gh_disorder", "cirrhosis", "active_cancer")  # fmt: skip
    items = [f"phq{item}" for item in range(1, 10)]
    scores = ("phq9_total", "phq9_n_missing", "severity", "dsm", "phq8_total", "phq2_total",
              "phq9_cognitive", "phq9_somatic")  # fmt: skip
    severities = ("none", "mild", "moderate", "moderately_severe", "severe")
    words = {
        "severity": ("phq9_severity", severities, 1),
        "dsm": ("phq9_dsm", ("none", "other", "major"), 0),
        "diagnosis": ("diagnosis", ("control", "mdd", "bipolar", "scz", "other"), 1),
        "mood": ("mood_state", ("", "euthymic", "depressed", "manic", "mixed"), 1),
        "sex": ("sex", ("male", "female"), 0),
    }  # fmt: skip

    def column(name: str) -> np.ndarray:
        if name not in words:
            return np.asarray(p[name].to_numpy(float, na_value=np.nan))
        source, known, first = words[name]
        text = p[source].fillna("") if name == "mood" else p[source]
        places = {word: first + place for place, word in enumerate(known)}
        return np.asarray(text.map(places).to_numpy(float))

    counts = [len(p), found.flow.rows_in, found.quarantine["row"].nunique(), len(found.quarantine),
              *(excluded[rule] for rule in rules)]  # fmt: skip
    return [
        counts, p.index, *map(column, (*numeric, *flags, *items, *scores)), column("diagnosis"),
        column("mood"), column("sex"), p["igf1_batch"].str[1:].astype(float),
        p["participant_id"].map(lambda key: int(key[:7], 16)),
    ]  # fmt: skip


def normalise(folder: Path, _: int) -> Steps:
    import scipy.optimize  # noqa: F401

    from igfmood.normalise.batch import fit_batch
    from igfmood.normalise.curves.choose import fit_reference
    from igfmood.normalise.curves.curve import ReferenceSettings
    from igfmood.splines import rcs_basis, rcs_knots

    people = read_table(folder, "normalise")
    age, female, group = people["age"], people["female"], people["group"]
    plate = np.char.mod("%02d", people["plate"].astype(int))
    reference = people["reference"] == 1
    settings = ReferenceSettings(method="bccg")

    def batch() -> np.ndarray:
        spline = rcs_basis(age, rcs_knots(age, 4))
        protected = np.column_stack([np.ones(len(age)), female, spline, group == 1, group == 2])
        return fit_batch(people["value"], plate, protected).correct(people["value"], plate)

    def curve() -> np.ndarray:
        level = people["level"]
        found = fit_reference(level[reference], age[reference], female[reference], settings)
        return found.sds(level, age, female)

    return {"batch": (batch, np.log), "curve": (curve, np.asarray)}


def impute(folder: Path, seed: int) -> Steps:
    from igfmood.association.models.linear import ols_hc3
    from igfmood.impute.chained import impute as imputed
    from igfmood.impute.imputations import Imputations
    from igfmood.impute.pooling import pool
    from igfmood.impute.variables import Variable

    people = read_table(folder, "impute")

    def run() -> Imputations:
        variables = [Variable(name, "pmm", column) for name, column in people.items()]
        return imputed(variables, m=TABLES, iterations=5, seed=seed, keys=("bench",))

    def slope(found: Imputations) -> list[float]:
        slopes, squares = [], []
        for index in range(TABLES):
            c = found.completed(index)
            X = np.column_stack([np.ones(len(c["x0"])), c["x0"], c["x1"]])
            fit = ols_hc3(X, c[f"x{len(people) - 1}"])
            slopes.append(fit.beta[2])
            squares.append(fit.sigma**2 * np.linalg.inv(X.T @ X)[2, 2])
        one = pool(slopes, squares)
        draws = float(np.sqrt(one.between / one.m))
        return [one.estimate, draws, one.se, draws]

    return {"mice": (run, slope)}


def associate(folder: Path, _: int) -> Steps:
    from igfmood.association.models.cox import fit_cox
    from igfmood.association.models.linear import ols_hc3
    from igfmood.association.models.logistic import fit_logistic
    from igfmood.association.models.negative_binomial import fit_negative_binomial
    from igfmood.association.models.ordinal import fit_ordinal
    from igfmood.impute.pooling import pool_vector

    fixed, drawn = read_table(folder, "fixed"), read_table(folder, "drawn")
    n, p = len(fixed["age"]), len(COVARIATES) + 1

    def pooled(
        fit: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]], df: float = np.inf
    ) -> np.ndarray:
        """Estimate, standard error and degrees of freedom of each coefficient, shape (p, 3)."""
        fits = []
        for i in range(TABLES):
            x = fixed | {name: drawn[f"{name}{i}"] for name in ("sds", "bmi", "alcohol")}
            fits.append(fit(np.column_stack([np.ones(n), *(x[name] for name in COVARIATES)])))
        found = pool_vector([coef for coef, _ in fits], [cov for _, cov in fits], df)
        each = [found.coefficient(j) for j in range(len(found.coef))]
        return np.array([[one.estimate, one.se, one.df] for one in each])

    def linear(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        fit = ols_hc3(X, fixed["outcome"])
        return fit.beta, fit.cov

    def logistic(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        fit = fit_logistic(X, fixed["case"])
        return fit.coef, fit.cov

    def cox(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        fit = fit_cox(X[:, 1:], fixed["time"], fixed["event"])
        return fit.coef, fit.cov

    def ordinal(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        fit = fit_ordinal(X[:, 1:], fixed["total"])
        return fit.beta, fit.cov_beta

    def counts(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        fit = fit_negative_binomial(X, fixed["total"])
        return fit.beta, fit.cov

    return {
        "linear": (lambda: pooled(linear, n - p), shown_first),
        "logistic": (lambda: pooled(logistic), shown_first),
        "cox": (lambda: pooled(cox), np.ravel),
        "ordinal": (lambda: pooled(ordinal), np.ravel),
        "counts": (lambda: pooled(counts), shown_first),
    }


def shown_first(found: np.ndarray) -> np.ndarray:
    """The score's estimate first, the intercept last."""
    return np.roll(found, -1, axis=0).ravel()


def survey(folder: Path, _: int) -> Steps:
    from igfmood.association.models.survey import SurveyFit, svy_linear, svy_logistic, svy_mean

    people = read_table(folder, "survey")
    design = (people["weight"], people["stratum"], people["psu"])

    def prevalence() -> list[float]:
        high = people["high"]
        whole = svy_mean(high, *design)
        bands = [
            svy_mean(high, *design, domain=(people["band"] == band) & (people["female"] == sex))
            for sex in (0, 1) for band in range(4)
        ]  # fmt: skip
        return [whole.estimate, whole.se, *(b.estimate for b in bands), *(b.se for b in bands)]

    def fitted(fit: Callable[..., SurveyFit], outcome: str) -> np.ndarray:
        columns = [people[name] for name in ("sds", "age", "female", "bmi")]
        X = np.column_stack([np.ones(len(columns[0])), *columns])
        found = fit(X, people[outcome], *design)
        return np.concatenate([found.beta[1:], found.se[1:]])

    return {
        "prevalence": (prevalence, np.asarray),
        "svy_linear": (lambda: fitted(svy_linear, "outcome"), np.asarray),
        "svy_logistic": (lambda: fitted(svy_logistic, "high"), np.asarray),
    }


def pool(folder: Path, _: int) -> Steps:
    from igfmood.synthesis.random_effects import leave_one_out, random_effects

    studies = read_table(folder, "pool")
    ends = np.flatnonzero(np.diff(studies["outcome"])) + 1
    outcomes = list(zip(np.split(studies["yi"], ends), np.split(studies["vi"], ends), strict=True))

    def reml() -> list[tuple[float, ...]]:
        fits = [random_effects(yi, vi) for yi, vi in outcomes]
        return [(x.mu, x.se, x.ci_low, x.ci_high, x.pi_low, x.pi_high, x.tau2, x.i2 / 100, x.q)
                for x in fits]  # fmt: skip

    def without_each() -> list[tuple[float, float, float]]:
        return [(x.mu, x.se, x.tau2) for yi, vi in outcomes for x in leave_one_out(yi, vi)]

    return {"reml": (reml, np.ravel), "leave_one_out": (without_each, np.ravel)}


def predict(folder: Path, seed: int) -> Steps:
    from stack_predict import steps

    return steps(read_table(folder, "predict"), seed)


STAGES: dict[str, Callable[[Path, int], Steps]] = {
    "cohort": cohort, "normalise": normalise, "impute": impute, "associate": associate,
    "survey": survey, "pool": pool, "predict": predict,
}  # fmt: skip


if __name__ == "__main__":
    main()
