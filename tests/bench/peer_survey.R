# R's survey package on the bench's cells; prints seconds and the standard errors as lines.
suppressMessages(library(survey))
arguments <- commandArgs(trailingOnly = TRUE)
frame <- read.csv(arguments[1], stringsAsFactors = FALSE)
indicators <- strsplit(arguments[2], ",")[[1]]
breakdowns <- strsplit(arguments[3], ",")[[1]]
formula_of <- function(names) as.formula(paste("~", paste(names, collapse = "+")))
lines <- character(0)
began <- proc.time()[["elapsed"]]
for (wave in unique(frame$wave_id)) {
  part <- frame[frame$wave_id == wave, ]
  design <- svydesign(ids = ~psu, strata = ~stratum, weights = ~weight, data = part, nest = TRUE)
  for (breakdown in breakdowns) {
    table <- svyby(formula_of(indicators), formula_of(breakdown), design, svymean, keep.names = FALSE)
    for (name in indicators) {
      errors <- table[[if (length(indicators) > 1) paste0("se.", name) else "se"]]
      lines <- c(lines, sprintf("%s/%s/%s=%s %.17g", wave, name, breakdown, table[[breakdown]], errors))
    }
  }
}
cat("seconds", proc.time()[["elapsed"]] - began, "\n")
cat(lines, sep = "\n")
