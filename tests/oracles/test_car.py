"""HC3 Wald F tests and Brown-Forsythe's test against car 3.1.1 and lmtest.

Of lm_robust.json (MASS::birthwt) and corr_tests.json (ISwR::juul); 1e-9 relative: closed forms.
"""

import numpy as np
import pytest

from igfmood.association.models.linear import ols_hc3
from igfmood.association.ratios import brown_forsythe
from igfmood.association.wald import wald_test
from oracle_files import load_oracle

pytestmark = [pytest.mark.shared, pytest.mark.usefixtures("shared")]


@pytest.fixture(scope="module")
def birthwt_fit(shared):
    b = load_oracle("lm_birthwt.csv")
    columns = [np.ones(len(b)), b.age, b.lwt, b.race == 2, b.race == 3, b.smoke, b.ht, b.ui]
    return ols_hc3(np.column_stack(columns), b.bwt)


@pytest.mark.parametrize(("row", "terms"), list(enumerate([[1], [2], [3, 4], [5], [6], [7]])))
def test_type_three_tests(birthwt_fit, row, terms):
    fit = birthwt_fit
    test = wald_test(fit.beta[terms], fit.cov[np.ix_(terms, terms)], fit.df_resid)
    expected = load_oracle("lm_robust.json")["type3_anova_HC3"]["values"][row]
    assert [test.df, test.f, test.p] == pytest.approx(expected, rel=1e-9)


def test_three_races_at_once(birthwt_fit):
    # By lmtest::waldtest, which drops the factor; car tests the hypothesis: the same F.
    fit, terms = birthwt_fit, [3, 4]
    test = wald_test(fit.beta[terms], fit.cov[np.ix_(terms, terms)], fit.df_resid)
    expected = load_oracle("lm_robust.json")["birthwt_HC3_wald_race"]
    assert (test.f, test.p) == pytest.approx((expected["F"], expected["p"]), rel=1e-9)


def test_spread_of_igf1_over_tanner_stages(shared):
    juul = load_oracle("juul.csv").dropna(subset=["igf1", "age", "sex", "tanner"])
    test = brown_forsythe([group.to_numpy() for _, group in juul.groupby("tanner")["igf1"]])
    expected = load_oracle("corr_tests.json")["levene_median"]
    assert (test.f, test.p) == pytest.approx((expected["F"], expected["p"]), rel=1e-9)
    assert (test.df, test.df_denominator) == (4, len(juul) - 5)
