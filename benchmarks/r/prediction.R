# Seconds that R's packages take for the kernels of prediction, on one table.
# Rscript prediction.R table.csv JOB repeats
# Prints one line: versions of R and of the package, seconds of one repeat, and a number to compare.
arguments <- commandArgs(trailingOnly = TRUE)
job <- arguments[2]
times <- as.integer(arguments[3])
package <- c(delong = "pROC", paired = "pROC", bootstrap = "pROC", logistic = "stats",
             optimism = "rms", hc3 = "sandwich", nested = "glmnet", ordinal = "rms")[[job]]
if (!requireNamespace(package, quietly = TRUE)) {
  cat("R is there, but its package", package, "is not\n", file = stderr())
  quit(status = 3)
}
if (package == "rms") suppressMessages(library(rms))
table <- read.csv(arguments[1])
x <- as.matrix(table[, grep("^x", names(table))])
y <- table$y
kernels <- list(
  delong = function() {
    curve <- pROC::roc(y, table$score, levels = c(0, 1), direction = "<", quiet = TRUE)
    as.numeric(pROC::ci.auc(curve, method = "delong"))[1]
  },
  paired = function() {
    curves <- lapply(table[c("score", "other")], function(s)
      pROC::roc(y, s, levels = c(0, 1), direction = "<", quiet = TRUE))
    pROC::roc.test(curves[[1]], curves[[2]], method = "delong")$p.value
  },
  bootstrap = function() {
    curve <- pROC::roc(y, table$score, levels = c(0, 1), direction = "<", quiet = TRUE)
    as.numeric(pROC::ci.auc(curve, method = "bootstrap", boot.n = 2000, progress = "none"))[1]
  },
  logistic = function() coef(glm.fit(cbind(1, x), y, family = binomial()))[2],
  hc3 = function() {
    fit <- lm(table$total ~ x)
    sqrt(diag(sandwich::vcovHC(fit, "HC3")))[2]
  },
  optimism = function() {
    form <- reformulate(colnames(x), "y")
    fit <- rms::lrm(form, data = table, x = TRUE, y = TRUE)
    rms::validate(fit, B = 200)["Dxy", "index.corrected"]
  },
  nested = function() {
    outer <- rep(1:10, length.out = length(y))
    mean(sapply(1:10, function(held) {
      train <- outer != held
      fit <- glmnet::cv.glmnet(x[train, ], y[train], family = "binomial", alpha = 0.5, nfolds = 5)
      p <- predict(fit, x[!train, ], s = "lambda.min", type = "response")
      pROC::auc(y[!train], p[, 1], levels = c(0, 1), direction = "<", quiet = TRUE)
    }))
  }
)
set.seed(1)
kernel <- kernels[[job]]
number <- kernel()
seconds <- system.time(for (i in seq_len(times)) kernel())[["elapsed"]] / times
version <- if (package == "stats") getRversion() else packageVersion(package)
cat(as.character(getRversion()), package, as.character(version), seconds,
    format(as.numeric(number), digits = 10), "\n")
