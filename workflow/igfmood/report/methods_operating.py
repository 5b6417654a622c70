"""The paragraph on how error rates were found.

Takes the findings; gives text.
"""

from igfmood.evidence.operating.worlds import TAIL
from igfmood.report.load import Findings
from igfmood.report.numbers import level, percent


def error_rates(findings: Findings) -> str:
    """Return how the verdicts were tried, empty where they were not."""
    study, settings = findings.study, findings.study.operating
    if not settings.worlds:
        return ""
    label = study.analyte.label
    literature = ""
    if study.published_evidence:
        literature = (
            " Published studies were drawn without an effect, each with the standard error of a "
            "real one, and printed if significant in the claimed direction, or else with a "
            f"probability of {percent(settings.significant_only)}."
        )
    return (
        f"Each claim was judged again in {settings.worlds:,} invented worlds of each kind by the "
        "code that judged it here. A world keeps this study's participants with their covariates, "
        f"outcomes, visits and gaps; {label} is drawn anew for each of them from its distribution "
        "given the outcome, which by Bayes' rule is a standard normal score weighted by the "
        "likelihood of the outcome at that score under the planted effect. Scores become "
        "concentrations by each cohort's own reference curve, batches and detection limit, and "
        "everything from the correction of batches to the synthesis is learned from them anew. "
        "Effects vary between cohorts by the standard deviation estimated from the real ones. "
        "Worlds: no effect; the margin of the claim, or the bound of the AUC; the claimed effect, "
        f"{settings.effect:g} times the margin, or an AUC {1 / settings.effect:.0%} of the way "
        f"from the bound to 1; both tails raised alike (log odds {settings.effect * TAIL:g}); no "
        "effect, cases moved towards other batches that differ by a log-normal shift (SD "
        f"{settings.lot_shift:g}); the claimed effect in every diagnosis; and the measured values "
        f"dealt out anew within batch, visit, sex and decade of age.{literature} Worlds are judged "
        "by complete cases, gaps of predictors being filled once. Rates have score intervals "
        f"({level(study.level)}) of their Monte Carlo error."
    )
