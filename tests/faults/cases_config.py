"""Faults of the study's file: YAML that does more than say values, keys, values, contradictions."""

from typing import Any

import yaml

from faults.case import Case, misconfigured
from faults.sound import CLAIMS, entry, study
from igfmood.errors import DataError

_STUDY = yaml.safe_dump(study(), sort_keys=False)


def _written(name: str, config: str | bytes, *error: str, **about: Any) -> Case:
    return Case(name, config=config, error=error, **about)


def _bomb(open_mark: str, close_mark: str, item: str) -> str:
    """Return anchors of which each stands for ten of the one before: 10 to the 10th values."""
    lines = [f"a0: &a0 {open_mark}{', '.join([item.format(k=k) for k in range(10)])}{close_mark}"]
    for level in range(1, 10):
        inner = ", ".join((f"k{k}: " if open_mark == "{" else "") + f"*a{level - 1}"
                          for k in range(10))  # fmt: skip
        lines.append(f"a{level}: &a{level} {open_mark}{inner}{close_mark}")
    return "\n".join(lines) + f"\ntitle: *a9\n{_STUDY}"


_WHERE = "study.yaml"
_TAG = "!!python/object/apply:os.system ['touch executed']"

FILES = [
    _written("YAML tag that would run a program", _STUDY + f"title: {_TAG}\n", _WHERE,
             "python/object/apply:os.system", "line"),
    _written("YAML tag of our own making", _STUDY + "title: !include other.yaml\n", _WHERE,
             "!include", "line"),
    _written("anchors that multiply lists", _bomb("[", "]", "x"), _WHERE, "anchors", "values"),
    _written("anchors that multiply mappings", _bomb("{", "}", "k{k}: x"), _WHERE, "anchors",
             "values"),
    _written("anchor within itself", f"title: &a [*a]\n{_STUDY}", _WHERE, "line 1", "itself"),
    _written("key written twice", _STUDY + "study: other\n", _WHERE, "'study'", "twice", "line"),
    _written("key written twice, deep in a cohort",
             _STUDY.replace("    unit: ng/mL\n", "    unit: ng/mL\n    unit: nmol/L\n"), _WHERE,
             "'unit'", "twice", "line"),
    _written("list instead of keys", "- study: faults\n", _WHERE, "keys and values", "list"),
    _written("words instead of keys", "faults\n", _WHERE, "keys and values"),
    _written("empty file of the study", "", _WHERE, "keys and values"),
    _written("tab for indentation", _STUDY.replace("  design", "\tdesign"), _WHERE,
             "not valid YAML"),
    _written("two documents in one file", _STUDY + "---\n" + _STUDY, _WHERE, "not valid YAML",
             "document"),
    _written("study in latin-1", ("# Größe\n" + _STUDY).encode("latin-1"), _WHERE, "utf-8"),
    _written("zero byte in the study", _STUDY + "title: a\0b\n", _WHERE, "not valid YAML"),
    _written("brackets hundreds deep", f"title: {'[' * 600}{']' * 600}\n{_STUDY}", _WHERE,
             "deep"),
]  # fmt: skip

STUDIES = [
    Case("seed that is a word, unknown key, level of a fraction of a hundred",
         study={"seed": "soon", "colour": "red", "level": 95},
         error=("seed:", "'soon'", "colour: this key is not known", "level:", "found 95")),
    Case("no cohorts", config="study: faults\ncohorts: []\n", error=("cohorts:", "found []")),
    Case("cohorts as a mapping", config="study: faults\ncohorts: {clinic: {table: x.csv}}\n",
         error=("cohorts:", "list")),
    Case("cohort that is a word", config="study: faults\ncohorts: [clinic]\n",
         error=("cohorts[0]", "'clinic'")),
    Case("two cohorts of one name",
         config=yaml.safe_dump(study(entry(), entry())),
         error=("cohorts share the name ['clinic']", "its own")),
    Case("two cohorts whose names differ in capitals",
         config=yaml.safe_dump(study(entry(), entry(name="Clinic"))),
         error=("clinic", "Clinic", "capital")),
    Case("study that climbs out of results", study={"study": "../x"}, error=("study:", "letters")),
    Case("data folder that is not there", study={"data_root": "dota"},
         error=("dota/clinic.csv is not there", "data_root")),
    Case("tier with an unknown covariate", study={"covariate_tiers": {"odd": ["shoe_size"]}},
         error=("covariate_tiers.odd", "['shoe_size']", "allowed")),
    Case("tier that adjusts the analyte for itself",
         study={"analyte": {"name": "crp", "label": "CRP", "unit": "mg/L"},
                "covariate_tiers": {"unadjusted": [], "inflamed": ["age_years", "crp"]}},
         error=("covariate_tiers.inflamed names 'crp'", "the analyte itself",
                "analyte.name is 'crp'", "take 'crp' out of the tier")),
    Case("infinite number", study={"gates": {"within_batch": float("nan")}},
         error=("gates → within_batch", "nan")),
    Case("claims file missing", claims=None, error=("claims", "claims.yaml is not there")),
    Case("claims that are no YAML", claims="claims: [", error=("claims.yaml", "not valid YAML")),
    Case("claims with a key twice", claims=CLAIMS + "    direction: higher\n",
         error=("claims.yaml", "'direction'", "twice")),
    Case("claim about a task that does not exist",
         claims=CLAIMS.replace("target: depression", "target: melancholy"),
         error=("claim 'depression_lower'", "'melancholy' has no result", "allowed")),
    Case("claim without a direction it may have", claims=CLAIMS.replace("lower\n", "downwards\n"),
         error=("claims.yaml", "direction", "'downwards'")),
]  # fmt: skip

COHORTS = [
    misconfigured("name with a slash", {"name": "a/b"}, "cohorts[0] (a/b) → name",
                  "letters, digits"),
    misconfigured("name that climbs out", {"name": "../../etc"}, "→ name", "letters, digits"),
    misconfigured("name with a line break", {"name": "clinic\n"}, "→ name", "letters, digits"),
    misconfigured("cohort called pooled", {"name": "pooled"}, "'pooled'"),
    misconfigured("unknown key", {"tabel": "x.csv"}, "cohorts[0] (clinic) → tabel",
                  "not known"),
    misconfigured("misspelt preset", {"preset": "nhanse"}, "→ preset", "'nhanes'",
                  "found 'nhanse'"),
    misconfigured("unknown variable", {"columns": {"bodymass": "bmi"}}, "['bodymass']", "allowed"),
    misconfigured("age and sex not mapped", {"columns": {"age_years": None, "sex": None}},
                  "['age_years', 'sex']"),
    misconfigured("column that the table lacks", {"columns": {"bmi": "body_mass"}},
                  "cohort 'clinic': column 'body_mass' is not in data/clinic.csv"),
    misconfigured("column for two numbers", {"columns": {"crp": "bmi"}}, "'bmi'", "crp",
                  "one thing"),
    misconfigured("column for analyte and age", {"analyte": {"column": "age"}}, "'age'",
                  "age_years", "analyte", "one thing"),
    misconfigured("questionnaire column twice", {"phq9": {"items": ["phq"] * 9, "total": None}},
                  "['phq']", "twice"),
    misconfigured("wildcard that finds nothing",
                  {"diagnosis": {"source": "icd10", "columns": ["41270*"]}}, "'41270*'",
                  "data/clinic.csv"),
    misconfigured("reference of people who are not there",
                  {"reference": "patients"}, "reference", "'controls'", "found 'patients'"),
    misconfigured("overlap with a cohort that is not there", {"overlaps": ["register"]},
                  "'register'", "no other cohort"),
    misconfigured("batch column missing", {"analyte": {"batch": "plate"}},
                  "column 'plate' is not in data/clinic.csv"),
    misconfigured("negative detection limit", {"analyte": {"lod": -5}}, "analyte → lod",
                  "found -5"),
    misconfigured("detection limit in words", {"analyte": {"lod": "low"}}, "analyte → lod",
                  "'low'"),
    misconfigured("codes below the limit without a limit", {"analyte": {"below_limit": ["low"]}},
                  "below_limit", "add lod"),
    misconfigured("unit that does not exist", {"analyte": {"unit": "ng/dL"}}, "analyte → unit",
                  "found 'ng/dL'", "'ng/mL'"),
    misconfigured("yes and no without quotes", {"missing": [False]}, "missing", "quotes"),
    misconfigured("code that means two things",
                  {"columns": {"sex": {"column": "sex", "recode": {"M": "male", "m": "female"}}}},
                  "recode", "'M'", "'m'"),
    misconfigured("code and number that are one code",
                  {"columns": {"sex": {"column": "sex", "recode": {1: "male", "01": "female"}}}},
                  "recode", "'1'", "'01'"),
    misconfigured("code for a sex that is none",
                  {"columns": {"sex": {"column": "sex", "recode": {1: "man"}}}}, "sex", "'man'",
                  "female"),
    misconfigured("code that is missing and a value",
                  {"columns": {"sex": {"column": "sex", "recode": {9: "male"}, "missing": [9]}}},
                  "sex", "'9'", "missing"),
    misconfigured("label of no diagnosis",
                  {"diagnosis": {"labels": {"x": "depressed"}}}, "'depressed'", "allowed"),
    misconfigured("eight items", {"phq9": {"items": list("abcdefgh"), "total": None}}, "9 columns",
                  "found 8"),
    misconfigured("cut-off beyond the scale",
                  {"diagnosis": {"source": "phq9", "columns": None, "cutoff": 28}}, "cutoff",
                  "found 28"),
    misconfigured("rule without a condition",
                  {"include": [{"name": "adult", "variable": "age_years"}]}, "exactly one of"),
    misconfigured("rule about an unmapped variable",
                  {"exclude": [{"name": "on lithium", "variable": "lithium", "equals": ["yes"]}]},
                  "'on lithium'", "lithium"),
    misconfigured("visit without a first one", {"columns": {"visit": "dx"}}, "baseline"),
    misconfigured("delimiter of two letters", {"format": {"delimiter": ";;"}},
                  "format → delimiter"),
    misconfigured("delimiter that is a quotation mark", {"format": {"delimiter": '"'}},
                  "delimiter", "'\"'"),
    misconfigured("decimal mark declared wrong", {"format": {"decimal": ","}}, "clinic.csv",
                  "no row that can be analysed", "quarantine", kind=DataError),
    misconfigured("date format that is none",
                  {"columns": {"analyte_date": {"column": "age", "date_format": "YYYY"}}},
                  "date_format 'YYYY'", "%Y-%m-%d"),
    misconfigured("header row beyond the file", {"format": {"header_row": 90}}, "data/clinic.csv",
                  "line 90"),
]  # fmt: skip

_VARIANTS = {"variant": "SNP", "effect_allele": "A1", "other_allele": "A2", "beta": "B", "se": "SE"}


def _genes(name: str, *error: str, outcome: str = "depression", **columns: str | None) -> Case:
    """Return genetic tables of which the outcome's columns are changed; None takes one out."""
    changed = {key: value for key, value in (_VARIANTS | columns).items() if value is not None}
    tables = {
        "exposure": {"table": "igf1.csv", "columns": _VARIANTS},
        "outcomes": [{"name": outcome, "table": "gwas.csv", "columns": changed}],
    }
    return Case(name, study={"genetics": tables}, error=error)


GENETICS = [
    _genes("genetic table without standard errors", "genetics → outcomes[0] (depression)",
           "columns of gwas.csv lacks ['se']", se=None),
    _genes("genetic table with slopes and odds", "gwas.csv", "one of beta and odds_ratio",
           "['beta', 'odds_ratio']", odds_ratio="OR"),
    _genes("genetic table with no effect", "gwas.csv", "one of beta and odds_ratio", beta=None),
    _genes("genetic table with cases and no controls", "n_cases and n_controls", n_cases="CA"),
    _genes("genetic table with one column for both alleles", "'A1'",
           "effect_allele and other_allele", other_allele="A1"),
    _genes("genetic table with the frequency of the minor allele", "columns → maf", "'maf'",
           maf="MAF"),
    _genes("genetic table of another outcome", "outcomes[0] (mania) → name", "found 'mania'",
           "'depression' or 'bipolar'", outcome="mania"),
    Case("genetic exposure in odds ratios",
         study={"genetics": {
             "exposure": {"table": "igf1.csv", "columns": {
                 **{k: v for k, v in _VARIANTS.items() if k != "beta"}, "odds_ratio": "OR"}},
             "outcomes": [{"name": "bipolar", "table": "gwas.csv", "columns": _VARIANTS}]}},
         error=("genetics", "exposure is in SD", "give beta")),
    Case("genetic outcome twice",
         study={"genetics": {
             "exposure": {"table": "igf1.csv", "columns": _VARIANTS},
             "outcomes": [{"name": "bipolar", "table": f"{k}.csv", "columns": _VARIANTS}
                          for k in "ab"]}},
         error=("genetics", "outcomes share the name ['bipolar']")),
    Case("genetic outcomes without an exposure",
         study={"genetics": {
             "outcomes": [{"name": "bipolar", "table": "gwas.csv", "columns": _VARIANTS}]}},
         error=("genetics → exposure", "needed")),
]  # fmt: skip


def _subset(name: str, changes: dict[str, Any], *error: str) -> Case:
    """Return a subset that cannot be; no fork asks for any."""
    rules = [{"name": "men", "variable": "sex", "equals": ["male"]}]
    subset = {"name": "men", "label": "Men", "rules": rules, **changes}
    return Case(
        name, study={"subsets": [subset], "forks": {"population": ["all"]}},
        error=(f"subsets[0] ({subset['name']})", *error),
    )  # fmt: skip


SUBSETS = [
    _subset("subset called all", {"name": "all"}, "'all'", "for something else"),
    _subset("subset called as the complete cases", {"name": "complete_cases"}, "something else"),
    _subset("subset of nobody in particular", {"rules": []}, "rules or within_percentiles"),
    _subset("subset between percentiles in the wrong order", {"within_percentiles": [90, 10]},
            "low before high", "90"),
    _subset("subset of a sex that is none",
            {"rules": [{"name": "men", "variable": "sex", "equals": ["man"]}]},
            "rule 'men'", "['man']", "'female', 'male'"),
    _subset("subset by a variable that does not exist",
            {"rules": [{"name": "tall", "variable": "tallness", "at_least": 2}]}, "'tallness'",
            "allowed"),
    _subset("subset by a yes without quotes",
            {"rules": [{"name": "treated", "variable": "ad_use", "equals": [True]}]}, "quotes"),
    Case("two subsets of one name",
         study={"subsets": [{"name": "old", "label": "Old", "rules": [
             {"name": "old", "variable": "age_years", "at_least": 50}]}] * 2,
             "forks": {"population": ["all"]}},
         error=("subsets share a name", "'old'")),
]  # fmt: skip

FORKS = [
    Case("fork over an adjustment that does not exist", study={"forks": {"adjustment": ["crude"]}},
         error=("forks.adjustment", "['crude']", "allowed")),
    Case("fork over a population that does not exist", study={"forks": {"population": ["tall"]}},
         error=("forks.population", "['tall']", "allowed", "'ad_free'")),
    Case("fork named twice", study={"forks": {"exposure": ["sds", "sds"]}},
         error=("forks: exposure names ['sds'] twice", "estimated once")),
    Case("fork without a choice", study={"forks": {"missing": []}},
         error=("forks → missing", "found []")),
    Case("fork over the mean for what is missing", study={"forks": {"missing": ["mean"]}},
         error=("forks → missing", "'imputed'", "found 'mean'")),
]  # fmt: skip

IMPUTATION = [
    Case("three imputations", study={"imputation": {"m": 3}},
         error=("imputation: m of 3 is too few", "20 or more, or 0 for none")),
    Case("imputations in words", study={"imputation": {"m": "twenty"}},
         error=("imputation → m", "found 'twenty'")),
    Case("missing share in percent", study={"imputation": {"max_missing": 50}},
         error=("imputation → max_missing", "found 50")),
    Case("tipping point without a shift", study={"imputation": {"delta": 0}},
         error=("imputation → delta", "found 0")),
    Case("unknown way to impute", study={"imputation": {"method": "mean"}},
         error=("imputation → method", "not known")),
]  # fmt: skip


def _claim(name: str, estimand: str, *error: str, more: str = "") -> Case:
    """Return a claim that no number of the study could answer to."""
    kept = CLAIMS.split("    estimand:")[0]
    claims = f"{kept}    estimand: {{{estimand}}}\n    direction: lower\n{more}"
    return Case(name, claims=claims, error=("claims.yaml: claim 'depression_lower'", *error))


ESTIMANDS = [
    _claim("claim about a measure that the analysis does not give",
           "analysis: contrast, target: depression, measure: beta, adjustment: adjusted",
           "measure 'beta' has no result", "allowed: ['smd'"),
    _claim("claim about a term that there is not",
           "analysis: tails, target: depression, measure: log_or, adjustment: adjusted",
           "term ''", "'low', 'high'"),
    _claim("claim about one tail twice",
           "analysis: tails, target: depression, measure: log_or, adjustment: adjusted, "
           "term: low, also: low", "also 'low'", "'high'"),
    _claim("claim about an adjustment that the number does not have",
           "analysis: within_person, target: phq9_total, measure: beta, adjustment: unadjusted",
           "adjustment 'unadjusted'", "allowed: ['adjusted']"),
    _claim("claim about genes that waits for two cohorts",
           "analysis: mendelian, target: depression, measure: beta", "min_cohorts 2",
           "allowed: [1]"),
    _claim("claim about genes with covariates",
           "analysis: mendelian, target: depression, measure: beta, adjustment: adjusted",
           "adjustment 'adjusted'", "allowed: ['']", more="    min_cohorts: 1\n"),
]  # fmt: skip

CASES = [
    *FILES, *STUDIES, *COHORTS, *GENETICS, *SUBSETS, *FORKS, *IMPUTATION, *ESTIMANDS,
]  # fmt: skip
