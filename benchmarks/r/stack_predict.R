# What a prediction is worth: pROC, rms, glmnet, and counts for net benefit.
need("pROC", "rms", "glmnet")
people <- read_table("predict")
x <- as.matrix(people[grep("^x", names(people))])
few <- x[, 1:8]
y <- people$y
set.seed(seed)

curve_of <- function(score) roc(y, score, levels = c(0, 1), direction = "<", quiet = TRUE)

delong <- function() {
  curve <- curve_of(people$risk)
  ci.auc(curve, method = "delong")
}

paired <- function() {
  found <- roc.test(curve_of(people$risk), curve_of(people$other), method = "delong")
  c(found$statistic, found$p.value)
}

# Ends of the interval, each with the error that 2,000 draws leave of it.
bootstrap <- function() {
  ci.auc(curve_of(people$risk), method = "bootstrap", boot.n = 2000, progress = "none")
}

optimism <- function() {
  fit <- lrm(reformulate(colnames(few), "y"), data = people, x = TRUE, y = TRUE)
  validate(fit, B = 200)
}

# The path of penalties is that of igfmood: 25 of them, down to a thousandth of the largest.
nested <- function() {
  outer <- rep(1:10, length.out = length(y))
  mean(sapply(1:10, function(held) {
    train <- outer != held
    fit <- cv.glmnet(x[train, ], y[train], family = "binomial", alpha = 0.5, nfolds = 5,
                     nlambda = 25, lambda.min.ratio = 1e-3)
    p <- predict(fit, x[!train, ], s = "lambda.min", type = "response")
    auc(y[!train], p[, 1], levels = c(0, 1), direction = "<", quiet = TRUE)
  }))
}

calibration <- function() {
  found <- val.prob(people$risk, y, pl = FALSE)
  large <- glm(y ~ offset(qlogis(people$risk)), family = binomial)
  c(coef(large), sqrt(vcov(large)), found[c("Slope", "Brier", "Eavg", "E90", "Emax")])
}

# Net benefit and its standard error, from the people acted on at each threshold.
benefit <- function() {
  at <- 1:50 / 100
  odds <- at / (1 - at)
  acted <- function(risk, who) vapply(at, function(t) sum(risk[who] >= t), 0)
  case <- y == 1
  n <- length(y)
  gain <- function(first, second, both) {
    mean <- (first[[1]] - odds * first[[2]]) / n
    square <- (second[[1]] + odds^2 * second[[2]]) / n
    rbind(mean, sqrt((square - mean^2) / (n - 1)))
  }
  counts <- lapply(people[c("risk", "other")], function(risk) {
    list(acted(risk, case), acted(risk, !case))
  })
  everybody <- list(rep(sum(case), 50), rep(sum(!case), 50))
  either <- pmax(people$risk, people$other)
  both <- pmin(people$risk, people$other)
  apart <- list(acted(either, case) - acted(both, case), acted(either, !case) - acted(both, !case))
  first <- counts$risk
  second <- counts$other
  rbind(gain(first, first), gain(everybody, everybody),
        gain(list(first[[1]] - second[[1]], first[[2]] - second[[2]]), apart))
}

# The error that 2,000 draws leave of the end of a 95 % interval, as a share of its width.
end_error <- sqrt(0.025 * 0.975 / 2000) / dnorm(qnorm(0.975)) / (2 * qnorm(0.975))

steps <- list(
  delong = step("pROC", delong, function(found) found[c(2, 1, 3)]),
  paired = step("pROC", paired),
  bootstrap = step("pROC", bootstrap, function(found) {
    error <- end_error * (found[3] - found[1])
    c(found[1], error, found[3], error)
  }),
  optimism = step("rms", optimism, function(found) {
    c(rbind(found[c("Dxy", "Slope", "B"), "index.corrected"], 0))
  }),
  nested = step("glmnet", nested),
  calibration = step("rms", calibration),
  benefit = step("base", benefit)
)
