# Numbers that speak for the population of a survey: survey.
need("survey")
options(survey.lonely.psu = "fail")
people <- read_table("survey")

designed <- function() {
  svydesign(~psu, strata = ~stratum, weights = ~weight, data = people, nest = TRUE)
}

prevalence <- function() {
  design <- designed()
  whole <- svymean(~high, design)
  bands <- svyby(~high, ~band + female, design, svymean)
  c(coef(whole), SE(whole), coef(bands), SE(bands))
}

linear <- function() {
  fit <- svyglm(outcome ~ sds + age + female + bmi, designed())
  c(coef(fit)[-1], sqrt(diag(vcov(fit)))[-1])
}

logistic <- function() {
  fit <- svyglm(high ~ sds + age + female + bmi, designed(), family = quasibinomial)
  c(coef(fit)[-1], sqrt(diag(vcov(fit)))[-1])
}

steps <- list(
  prevalence = step("survey", prevalence),
  svy_linear = step("survey", linear),
  svy_logistic = step("survey", logistic)
)
