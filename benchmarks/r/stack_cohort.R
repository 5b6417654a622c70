# From a CSV file to participants: data.table. Every cell that cannot be read or is impossible is
# named, its row put aside; ids are hashed, the PHQ-9 scored, ICD-10 codes grouped, rules applied.
need("data.table", "openssl")
setDTthreads(1)

possible <- list(
  age = c(0, 110), bmi = c(8, 150), height_cm = c(50, 260), crp = c(0, 700), hba1c = c(2, 25),
  egfr = c(0, 250), alt = c(0, 20000), cortisol = c(0, 5000), insulin = c(0, 2000),
  fasting_h = c(0, 200), stress_score = c(-Inf, Inf), cognition_score = c(-Inf, Inf),
  hippocampal_volume = c(0, 20000), intracranial_volume = c(0, 3e6), alcohol_g_day = c(0, 1000),
  weight_survey = c(0, Inf), igf1 = c(0, Inf)
)
flags <- c("pregnant", "ad_use", "lithium", "valproate", "antipsychotic", "oc_use",
           "glucocorticoid", "gh_disorder", "cirrhosis", "active_cancer")
items <- paste0("q", 1:9)
conditions <- c(
  pregnant = "O|Z33|Z34|Z35|Z3A", gh_disorder = "E220|E230|E231|E343|E893",
  hypercortisolism = "E24", cirrhosis = "K703|K704|K717|K72|K74",
  renal_failure = "N184|N185|N186|Z992|Z49", active_cancer = "C",
  malnutrition = "E40|E41|E42|E43|E44|E45|E46", eating_disorder = "F50",
  dementia = "F00|F01|F02|F03|G30"
)
diagnoses <- c("control", "mdd", "bipolar", "scz", "other")
moods <- c("", "euthymic", "depressed", "manic", "mixed")

problems <- function(table, name, bad, reason) {
  rows <- which(bad)
  if (!length(rows)) return(NULL)
  data.table(row = rows, column = name, value = as.character(table[[name]][rows]),
             reason = reason)
}

# Numbers of a column, and what is wrong with its cells.
read_number <- function(table, name, low, high, whole = FALSE) {
  cells <- table[[name]]
  values <- if (is.character(cells)) suppressWarnings(as.numeric(cells)) else as.numeric(cells)
  unread <- is.na(values) & !is.na(cells)
  outside <- !is.na(values) & (values < low | values > high | (whole & values != round(values)))
  found <- rbind(
    problems(table, name, unread, "is not a number"),
    problems(table, name, outside, sprintf("is impossible (possible: %g to %g)", low, high))
  )
  values[outside] <- NA
  list(values = values, problems = found)
}

read_code <- function(table, name, codes, meanings) {
  values <- meanings[match(table[[name]], codes)]
  unread <- is.na(values) & !is.na(table[[name]])
  list(values = values, problems = problems(table, name, unread, "is no known code"))
}

dsm_level <- function(x) {
  symptoms <- sweep(x, 2, c(rep(2, 8), 1), ">=")
  count <- rowSums(symptoms)
  core <- symptoms[, 1] | symptoms[, 2]
  fifelse(core & count >= 5, 2, fifelse(core & count >= 2, 1, 0))
}

score_phq9 <- function(x) {
  gone <- rowSums(is.na(x))
  total <- rowSums(x, na.rm = TRUE)
  prorated <- floor(total / (9 - gone) * 9 + 0.5)
  total <- fifelse(gone == 0, total, fifelse(gone <= 2, prorated, NA_real_))
  low <- x
  high <- x
  low[is.na(x)] <- 0
  high[is.na(x)] <- 3
  low <- dsm_level(low)
  data.table(
    phq9_total = total, n_missing = gone,
    source = fifelse(gone == 0, "complete", fifelse(gone <= 2, "prorated", "")),
    severity = cut(total, c(0, 5, 10, 15, 20, 28), right = FALSE,
                   labels = c("none", "mild", "moderate", "moderately_severe", "severe")),
    dsm = fifelse(low == dsm_level(high) & gone < 9, low, NA_real_),
    phq8_total = rowSums(x[, 1:8]), phq2_total = rowSums(x[, 1:2]),
    cognitive = rowSums(x[, c(1, 2, 6, 9)]), somatic = rowSums(x[, 3:5])
  )
}

# ICD-10 codes: distinct ones are read once.
code_diagnosis <- function(table) {
  codes <- unique(table$dx)
  plain <- gsub(".", "", codes, fixed = TRUE)
  valid <- is.na(codes) | grepl("^[A-Z][0-9]{2}[0-9A-Z]{0,4}$", plain)
  three <- substr(plain, 1, 3)
  meaning <- fcase(
    is.na(codes), "control", three %in% c("F30", "F31"), "bipolar",
    three %in% c("F32", "F33") | plain == "F341", "mdd", substr(plain, 1, 2) == "F2", "scz",
    default = "other"
  )
  four <- substr(plain, 1, 4)
  mood <- fcase(
    four %in% c("F310", "F311", "F312"), "manic", four %in% c("F313", "F314", "F315"), "depressed",
    four == "F316", "mixed", four == "F317", "euthymic", default = ""
  )
  place <- match(table$dx, codes)
  has <- lapply(conditions, function(pattern) {
    found <- grepl(paste0("^(", pattern, ")"), plain)
    found[is.na(codes)] <- NA
    found[place]
  })
  list(diagnosis = meaning[place], mood = mood[place], has = has,
       problems = problems(table, "dx", !valid[place], "is no ICD-10 code"))
}

# Rows of a person who stands twice: all but the first of copies, all of those that differ.
repeated <- function(table) {
  twice <- duplicated(table$id) | duplicated(table$id, fromLast = TRUE)
  rows <- which(twice & !is.na(table$id))
  if (!length(rows)) return(NULL)
  these <- table[rows]
  copies <- duplicated(these)
  differ <- tapply(!copies, these$id, sum)[these$id] > 1
  rbind(problems(table, "id", seq_len(nrow(table)) %in% rows[copies & !differ], "is a copy"),
        problems(table, "id", seq_len(nrow(table)) %in% rows[differ], "repeats another row"))
}

excluded_by <- function(people) {
  rules <- list(
    pregnancy = people$pregnant, "gh disorder" = people$gh_disorder,
    glucocorticoid = people$glucocorticoid, cirrhosis = people$cirrhosis,
    "active cancer" = people$active_cancer, underweight = people$bmi < 18.5
  )
  reason <- character(nrow(people))
  for (rule in names(rules)) reason[reason == "" & rules[[rule]] %in% TRUE] <- rule
  reason
}

derived <- function() {
  table <- fread(file.path(folder, "cohort.csv"), na.strings = "", encoding = "UTF-8")
  numbers <- Map(function(name, range) read_number(table, name, range[1], range[2]),
                 names(possible), possible)
  answers <- lapply(items, function(name) read_number(table, name, 0, 3, whole = TRUE))
  words <- lapply(flags, function(name) read_code(table, name, c(0, 1), c(FALSE, TRUE)))
  sex <- read_code(table, "sex", c(1, 2), c("male", "female"))
  coded <- code_diagnosis(table)
  parts <- c(numbers, answers, words, list(sex, coded))
  found <- rbindlist(c(lapply(parts, `[[`, "problems"), list(repeated(table))))
  people <- setDT(lapply(numbers, `[[`, "values"))
  people[, (flags) := lapply(words, `[[`, "values")]
  for (name in names(conditions)) {
    said <- coded$has[[name]]
    set(people, j = name, value = if (name %in% flags) fcoalesce(people[[name]], said) else said)
  }
  people[, c("id", "sex", "diagnosis", "mood", "plate") := list(
    substr(sha256(as.character(table$id)), 1, 16), sex$values, coded$diagnosis, coded$mood,
    table$plate
  )]
  x <- do.call(cbind, lapply(answers, `[[`, "values"))
  people <- cbind(people, setnames(as.data.table(x), items), score_phq9(x))
  people[, row := .I]
  clean <- people[!row %in% found$row]
  reason <- excluded_by(clean)
  list(people = clean[reason == ""], quarantine = found[order(row, column)],
       excluded = table(factor(reason[reason != ""])), rows = nrow(table))
}

steps <- list(derive = step(c("data.table", "openssl"), derived, function(found) {
  p <- found$people
  severity <- as.integer(p$severity)
  c(nrow(p), found$rows, uniqueN(found$quarantine$row), nrow(found$quarantine),
    found$excluded[c("pregnancy", "gh disorder", "glucocorticoid", "cirrhosis", "active cancer",
                     "underweight")],
    p$row, unlist(p[, names(possible), with = FALSE]), unlist(lapply(p[, flags, with = FALSE],
    as.numeric)), unlist(p[, items, with = FALSE]), p$phq9_total, p$n_missing, severity, p$dsm,
    p$phq8_total, p$phq2_total, p$cognitive, p$somatic, match(p$diagnosis, diagnoses),
    match(p$mood, moods), p$sex == "female", as.numeric(substr(p$plate, 2, 3)),
    strtoi(substr(p$id, 1, 7), 16))
}))
