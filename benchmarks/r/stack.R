# One stage of a study by R's packages, timed inside the process.
# Rscript stack.R FOLDER STAGE WARM SEED
# Reads the tables that stack.py put into FOLDER. Prints a line for each step: its name, seconds,
# and the versions of its packages; writes its numbers to FOLDER/r.STEP.bin, doubles. With WARM 1
# every step is done once before it is timed.
arguments <- commandArgs(trailingOnly = TRUE)
folder <- arguments[1]
stage <- arguments[2]
warm <- arguments[3] == "1"
seed <- as.integer(arguments[4])
script <- sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE))
options(warn = 1)

need <- function(...) {
  for (package in c(...)) {
    if (!requireNamespace(package, quietly = TRUE)) {
      cat("R is there, but its package", package, "is not\n", file = stderr())
      quit(status = 3)
    }
    suppressPackageStartupMessages(library(package, character.only = TRUE))
  }
}

# A table as stack_data.py writes it: names of the columns, and the columns one after the other.
read_table <- function(name) {
  columns <- readLines(file.path(folder, paste0(name, ".txt")))
  path <- file.path(folder, paste0(name, ".bin"))
  values <- readBin(path, "double", file.size(path) / 8)
  as.data.frame(matrix(values, ncol = length(columns), dimnames = list(NULL, columns)))
}

# A step: what is timed, and the numbers of what it gave.
step <- function(packages, run, numbers = as.double) {
  list(packages = packages, run = run, numbers = numbers)
}

source(file.path(dirname(script), paste0("stack_", stage, ".R")))
for (name in names(steps)) {
  one <- steps[[name]]
  if (warm) invisible(one$run())
  invisible(gc())
  start <- as.numeric(Sys.time())
  found <- one$run()
  seconds <- as.numeric(Sys.time()) - start
  writeBin(as.double(one$numbers(found)), file.path(folder, paste0("r.", name, ".bin")))
  versions <- vapply(one$packages, function(p) as.character(packageVersion(p)), "")
  cat("step", name, format(seconds, digits = 8), paste(one$packages, versions), "\n", sep = "\t")
}
blas <- basename(extSoftVersion()[["BLAS"]])
cat("about", as.character(getRversion()), if (nzchar(blas)) blas else "own BLAS", "\n", sep = "\t")
