# Time and pooled estimate of R's mice on one table.
# Rscript mice.R table.csv m iterations method seed
# Prints one line: versions of R and mice, seconds, pooled slope and its standard error.
if (!requireNamespace("mice", quietly = TRUE)) {
  cat("R is there, but its package mice is not: install.packages(\"mice\")\n", file = stderr())
  quit(status = 3)
}
suppressMessages(library(mice))
arguments <- commandArgs(trailingOnly = TRUE)
table <- read.csv(arguments[1])
seconds <- system.time(
  imputed <- mice(table, m = as.integer(arguments[2]), maxit = as.integer(arguments[3]),
                  method = arguments[4], seed = as.integer(arguments[5]), printFlag = FALSE)
)[["elapsed"]]
# The formula is made inside with(), so that it finds the columns of each completed table.
fits <- with(imputed, lm(reformulate(names(table)[1:2], names(table)[ncol(table)])))
slope <- summary(pool(fits))[3, ]
cat(as.character(getRversion()), as.character(packageVersion("mice")), seconds,
    format(c(slope$estimate, slope$std.error), digits = 10), "\n")
