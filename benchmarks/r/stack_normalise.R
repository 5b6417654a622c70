# Batches by a mixed model (lme4), their spreads drawn together, and a reference curve by LMS
# (VGAM): standard deviation scores of everybody.
need("lme4", "splines", "VGAM")
people <- read_table("normalise")
people$plate <- factor(people$plate)
people$group <- factor(people$group)

# Towards 0, by the variance between (Paule and Mandel).
shrunk <- function(x, variance) {
  excess <- function(tau2) sum(x^2 / (variance + tau2)) - (length(x) - 1)
  if (excess(0) <= 0) return(0 * x)
  tau2 <- uniroot(excess, c(0, length(x) * max(x^2)), tol = 1e-12)$root
  x * tau2 / (variance + tau2)
}

corrected <- function() {
  people$y <- log(people$value)
  fit <- lmer(y ~ ns(age, 3) + female + group + (1 | plate), people)
  shift <- ranef(fit)$plate[levels(people$plate), 1]
  n <- as.vector(table(people$plate))
  spread <- log(tapply(residuals(fit), people$plate, sd))
  spread <- shrunk(spread - weighted.mean(spread, n), 1 / (2 * (n - 1)))
  level <- mean(people$y)
  place <- as.integer(people$plate)
  exp(level + (people$y - level - shift[place]) / exp(spread[place]))
}

# By the curve of each sex, learned from its reference people.
scores <- function() {
  found <- numeric(nrow(people))
  for (sex in 0:1) {
    rows <- people$female == sex
    fit <- vgam(level ~ s(age, df = c(4, 2)), lms.bcn(zero = 1),
                people[rows & people$reference == 1, ], trace = FALSE)
    eta <- predict(fit, people[rows, ])
    found[rows] <- ((people$level[rows] / eta[, 2])^eta[, 1] - 1) / (eta[, 1] * exp(eta[, 3]))
  }
  found
}

steps <- list(
  batch = step("lme4", corrected, log),
  curve = step("VGAM", scores)
)
