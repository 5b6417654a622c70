# A Cox model of the Rotterdam tumour bank, judged in the trial of the German Breast Cancer Study
# Group, by R's survival; both tables come with that package.
# Rscript external.R FOLDER
# Writes rotterdam.csv and gbsg.csv (six predictors, time, event) into FOLDER; prints the version,
# and slope, its standard error and C in the second.
folder <- commandArgs(trailingOnly = TRUE)[1]
library(survival)
predictors <- c("age", "meno", "grade", "nodes", "pgr", "hormon")
built <- data.frame(rotterdam[predictors],
                    time = pmin(rotterdam$rtime, rotterdam$dtime),
                    event = pmax(rotterdam$recur, rotterdam$death))
used <- data.frame(gbsg[predictors], time = gbsg$rfstime, event = gbsg$status)
write.csv(built, file.path(folder, "rotterdam.csv"), row.names = FALSE)
write.csv(used, file.path(folder, "gbsg.csv"), row.names = FALSE)
fit <- coxph(reformulate(predictors, "Surv(time, event)"), built)
used$line <- as.matrix(used[predictors]) %*% coef(fit)
slope <- coxph(Surv(time, event) ~ line, used)
c <- concordance(Surv(time, event) ~ line, used, reverse = TRUE)$concordance
cat(as.character(packageVersion("survival")),
    format(c(coef(slope), sqrt(diag(vcov(slope))), c), digits = 12), "\n")
