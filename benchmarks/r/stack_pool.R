# Random-effects syntheses of many outcomes: metafor.
need("metafor")
studies <- read_table("pool")
outcomes <- split(studies, studies$outcome)

synthesis <- function(one) {
  steps <- list(threshold = 1e-10, maxiter = 1000)
  rma(yi, vi, data = one, method = "REML", test = "knha", control = steps)
}

pooled <- function() {
  sapply(outcomes, function(one) {
    fit <- synthesis(one)
    ahead <- predict(fit)
    c(fit$beta, fit$se, fit$ci.lb, fit$ci.ub, ahead$pi.lb, ahead$pi.ub, fit$tau2, fit$I2 / 100,
      fit$QE)
  })
}

without_each <- function() {
  unlist(lapply(outcomes, function(one) {
    found <- leave1out(synthesis(one))
    rbind(found$estimate, found$se, found$tau2)
  }))
}

steps <- list(
  reml = step("metafor", pooled),
  leave_one_out = step("metafor", without_each)
)
