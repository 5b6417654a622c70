"""What a cohort entry may say: joins, presets, several diagnoses, known exclusions."""

from math import inf

import pytest
from pydantic import ValidationError

from builders import cohort_entry, make_cohort, make_study, study_config
from igfmood.config.cohort import Cohort
from igfmood.config.load import check_config, parse_study
from igfmood.config.rules import library
from igfmood.errors import ConfigError


def refused(**changes):
    with pytest.raises(ValidationError) as error:
        make_cohort(**changes)
    return str(error.value)


def test_one_diagnosis_and_a_list_of_them_are_both_a_list():
    one = {"source": "icd10", "columns": ["dx"]}
    assert len(make_cohort(diagnosis=one).diagnosis) == 1
    two = make_cohort(diagnosis=[one, {"source": "labels", "columns": ["group"]}])
    assert two.source_columns()[-2:] == ["dx", "group"]


def test_a_cohort_without_diagnosis_has_an_empty_list():
    assert make_cohort(diagnosis=None).diagnosis == []


def test_standard_stands_for_every_known_exclusion_that_is_not_named():
    rules = make_cohort(exclude=["pregnancy", "standard"]).exclude
    assert [rule.name for rule in rules] == [entry["name"] for entry in library().values()]
    assert all(rule.known and rule.because for rule in rules)


def test_known_exclusions_need_no_column_and_own_rules_do():
    make_cohort(exclude=["cirrhosis"])
    text = refused(exclude=[{"name": "c", "variable": "cirrhosis", "equals": ["yes"]}])
    assert "rule 'c' needs cirrhosis" in text


@pytest.mark.parametrize(
    ("changes", "variable"),
    [
        ({"medication": {"columns": ["drugs"], "coding": "atc"}}, "lithium"),
        ({"conditions": {"columns": ["codes"], "coding": "icd9"}}, "dialysis"),
        ({"diagnosis": {"source": "icd11", "columns": ["dx"]}}, "pregnant"),
    ],
)
def test_codes_provide_the_variables_that_follow_from_them(changes, variable):
    known = {"dialysis": "renal_failure"}.get(variable, variable)
    assert make_cohort(**changes).provides(known)
    assert not make_cohort().provides(known)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"exclude": ["pregnnacy"]}, "no known exclusions: ['pregnnacy']"),
        ({"controls": "strict"}, "controls: strict needs the phq9 entry"),
        ({"igfbp3": {"column": "b", "unit": "mg/L"}, "analyte": None}, "igfbp3 needs the analyte"),
        ({"diagnosis": {"source": "phq9_algorithm"}, "phq9": {"total": "t"}}, "needs phq9.items"),
        ({"phq9": {"total": "t", "crosswalk": {1: 2}}}, "crosswalk needs converted_from"),
        ({"phq9": {"items": ["q"] * 9, "recode": {"never": 4}}}, "an item is 0, 1, 2 or 3"),
        ({"phq9": {}}, "give items (nine columns), total (one column), or both"),
        ({"phq9": {"items": ["q"] * 9, "converted_from": "cesd"}}, "goes with total alone"),
        ({"scales": {"zung": {"total": "z"}}}, "'cesd', 'bdi2', 'hamd' or 'madrs'"),
        ({"preset": "nhnes"}, "'nhanes'"),
    ],
)
def test_what_contradicts_itself_is_refused(changes, message):
    assert message in refused(**changes)


def test_the_row_number_stands_for_an_id_and_nothing_else():
    columns = {"participant_id": "<row>", "age_years": "age", "sex": "sex"}
    cohort = make_cohort(columns=columns)
    assert "<row>" not in cohort.source_columns()
    assert "stands for an id" in refused(columns={**columns, "bmi": "<row>"})


def test_every_file_of_a_cohort_is_listed():
    cohort = make_cohort(
        join=[{"table": "drugs.csv", "key": "id", "rows": "many"}],
        reference={"table": "life.csv", "unit": "ng/mL"},
    )
    assert cohort.tables() == ["clinic.csv", "drugs.csv"]
    assert cohort.files() == ["clinic.csv", "drugs.csv", "life.csv"]


def test_reference_people_may_be_written_as_a_word():
    assert make_cohort(reference="all").reference.people == "all"
    assert make_cohort().reference.people == "controls"


def test_the_entry_goes_before_its_preset_and_null_removes():
    entry = {
        "name": "cycle", "preset": "nhanes", "table": "demo.xpt", "design": "clinical",
        "columns": {"age_years": "AGE", "bmi": None}, "diagnosis": None,
    }  # fmt: skip
    cohort = Cohort.model_validate(entry)
    assert cohort.design == "clinical"
    assert cohort.columns["age_years"].column == "AGE"
    assert cohort.columns["sex"].recode == {"1": "male", "2": "female"}
    assert "bmi" not in cohort.columns
    assert cohort.diagnosis == []


def test_a_preset_is_filled_in_once():
    study = parse_study(
        study_config({"name": "c", "preset": "nhanes", "table": "d.xpt", "columns": {"bmi": None}})
    )
    again = parse_study(study.for_stage("normalise", "c"))
    assert again.cohorts[0].model_dump() == study.cohorts[0].model_dump()
    assert "bmi" not in again.cohorts[0].columns


def test_overlaps_name_other_cohorts_of_the_study():
    entries = [cohort_entry("a", overlaps=["b"]), cohort_entry("b", overlaps=["c", "b"])]
    problems = check_config(study_config(*entries)).problems
    assert [text for text in problems if "overlaps" in text] == [
        "cohorts (b).overlaps: 'c' is no other cohort of this study",
        "cohorts (b).overlaps: 'b' is no other cohort of this study",
    ]
    # A job of one cohort sees that cohort alone.
    parse_study(parse_study(study_config(*entries)).for_stage("normalise", "a"))


def test_what_is_known_of_igf1_is_known_in_every_unit():
    analyte = make_study().analyte
    assert (analyte.usual_median, analyte.possible) == ((50, 600), (1, 2000))
    molar = make_study(analyte={"unit": "nmol/L"}).analyte
    assert molar.usual_median == pytest.approx((50 / 7.649, 600 / 7.649))
    assert molar.possible == pytest.approx((1 / 7.649, 2000 / 7.649))
    assert make_study(analyte={"unit": "pg/mL"}).analyte.possible == pytest.approx((1e3, 2e6))
    given = make_study(
        analyte={"unit": "nmol/L", "typical_median": [6, 80], "highest_possible": 200}
    ).analyte
    assert (given.usual_median, given.possible[1]) == ((6, 80), 200)


@pytest.mark.parametrize("name", ["crp", "bdnf", "insulin"])
def test_nothing_known_of_igf1_is_taken_for_another_analyte(name):
    analyte = make_study(analyte={"name": name}).analyte
    assert (analyte.molar_mass, analyte.usual_median) == (None, None)
    assert analyte.possible == (0, inf)


@pytest.mark.parametrize(
    ("written", "meant"),
    [("ng/ml", "ng/mL"), ("µg/L", "ug/L"), ("μg/l", "ug/L"), ("NMOL/L", "nmol/L"),
     ("µmol/L", "umol/L"), (" pg/mL ", "pg/mL"), ("µIU/mL", "uIU/mL")],
)  # fmt: skip
def test_a_unit_may_be_spelled_as_people_spell_it(written, meant):
    cohort = make_cohort(
        analyte={"column": "x", "unit": written},
        reference={"table": "t.csv", "unit": written},
    )
    assert (cohort.analyte.unit, cohort.reference.unit) == (meant, meant)


def test_a_published_reference_needs_its_unit():
    assert "table 'life.csv' needs the unit" in refused(reference={"table": "life.csv"})


def test_two_copies_of_a_rule_are_refused():
    with pytest.raises(ConfigError, match="share the name"):
        parse_study(study_config(cohort_entry(exclude=["cirrhosis", "cirrhosis"])))
