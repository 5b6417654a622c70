# Chained equations: mice.
need("mice")
people <- read_table("impute")

imputed <- function() {
  mice(people, m = 20, maxit = 5, method = "pmm", donors = 5, seed = seed, printFlag = FALSE)
}

# The pooled slope and its standard error, each with its error of twenty draws.
slope <- function(found) {
  fits <- with(found, lm(reformulate(names(people)[1:2], names(people)[ncol(people)])))
  one <- pool(fits)$pooled[3, ]
  draws <- sqrt(one$b / one$m)
  c(one$estimate, draws, sqrt(one$t), draws)
}

steps <- list(mice = step("mice", imputed, slope))
