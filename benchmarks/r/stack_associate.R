# Adjusted models in each of the completed tables, pooled by Rubin's rules (mice).
need("mice", "sandwich", "survival", "rms", "MASS")
fixed <- read_table("fixed")
drawn <- read_table("drawn")
covariates <- c("sds", "age", "female", "bmi", "smoker", "alcohol", "education", "activity")
tables <- lapply(seq_len(ncol(drawn) / 3), function(i) {
  cbind(fixed, setNames(drawn[3 * (i - 1) + 1:3], c("sds", "bmi", "alcohol")))
})

# Estimate, standard error, and degrees of freedom of each coefficient.
pooled <- function(fits, df) {
  p <- length(fits[[1]]$coef)
  q <- t(sapply(fits, `[[`, "coef"))
  u <- t(sapply(fits, function(fit) diag(fit$cov)))
  n <- if (is.finite(df)) df + p else Inf
  sapply(seq_len(p), function(j) {
    one <- pool.scalar(q[, j], u[, j], n = n, k = p)
    c(one$qbar, sqrt(one$t), one$df)
  })
}

linear <- function() {
  fits <- lapply(tables, function(one) {
    fit <- lm(reformulate(covariates, "outcome"), one)
    list(coef = coef(fit), cov = vcovHC(fit, "HC3"))
  })
  pooled(fits, nrow(fixed) - length(covariates) - 1)
}

logistic <- function() {
  fits <- lapply(tables, function(one) {
    fit <- glm(reformulate(covariates, "case"), binomial, one)
    list(coef = coef(fit), cov = vcov(fit))
  })
  pooled(fits, Inf)
}

cox <- function() {
  fits <- lapply(tables, function(one) {
    fit <- coxph(reformulate(covariates, "Surv(time, event)"), one)
    list(coef = coef(fit), cov = vcov(fit))
  })
  pooled(fits, Inf)
}

ordinal <- function() {
  fits <- lapply(tables, function(one) {
    fit <- orm(reformulate(covariates, "total"), one)
    list(coef = coef(fit)[covariates], cov = vcov(fit)[covariates, covariates])
  })
  pooled(fits, Inf)
}

counts <- function() {
  fits <- lapply(tables, function(one) {
    fit <- glm.nb(reformulate(covariates, "total"), one)
    list(coef = coef(fit), cov = vcov(fit))
  })
  pooled(fits, Inf)
}

# The score's estimate first: it is the one that is shown.
shown_first <- function(found) c(found[, -1], found[, 1])

steps <- list(
  linear = step("sandwich", linear, shown_first),
  logistic = step("stats", logistic, shown_first),
  cox = step("survival", cox),
  ordinal = step("rms", ordinal),
  counts = step("MASS", counts, shown_first)
)
