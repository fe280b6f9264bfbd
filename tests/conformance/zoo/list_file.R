# Lists what R's haven finds in a file: Rscript list_file.R FILE OUT. One line per variable, value label, missing
# declaration and filled cell, its parts separated by tabs.
suppressPackageStartupMessages(library(haven))
arguments <- commandArgs(trailingOnly = TRUE)
file <- arguments[1]
extension <- tolower(sub(".*\\.", "", file))
from_1582 <- 12219379200 # SPSS counts seconds from 14 October 1582, R from 1970

data <- switch(extension,
  por = read_por(file, user_na = TRUE),
  dta = read_dta(file),
  read_sav(file, user_na = TRUE)
)

digits <- if (extension == "por") "%.12g" else "%.15g"
escaped <- function(x) {
  x <- gsub("\\", "\\\\", enc2utf8(as.character(x)), fixed = TRUE)
  gsub("\n", "\\n", gsub("\t", "\\t", gsub("\r", "\\r", x, fixed = TRUE), fixed = TRUE), fixed = TRUE)
}
numbers <- function(x) {
  if (inherits(x, "Date")) return(as.numeric(x) * 86400 + from_1582)
  if (inherits(x, "POSIXct")) return(as.numeric(x) + from_1582)
  as.numeric(unclass(x))
}
# Tagged missings are .a to .z, the others are NA.
written <- function(x) {
  if (is.character(x)) return(ifelse(is.na(x) | x == "", NA, x))
  tags <- if (is.double(unclass(x))) na_tag(unclass(x)) else rep(NA, length(x))
  number <- numbers(x)
  ifelse(!is.na(tags), paste0(".", tags), ifelse(is.na(number), NA, sprintf(digits, number)))
}

out <- character()
add <- function(...) out <<- c(out, paste(..., sep = "\t"))
add("shape", nrow(data), ncol(data))
for (place in seq_along(data)) {
  column <- data[[place]]
  name <- escaped(names(data)[place])
  label <- attr(column, "label", exact = TRUE)
  kind <- if (is.character(column)) "string" else "numeric"
  add("variable", place, name, kind, if (is.null(label)) "" else escaped(sub(" +$", "", label)))
  labels <- attr(column, "labels", exact = TRUE)
  if (length(labels) > 0) {
    add("value", name, escaped(written(unname(labels))), escaped(sub(" +$", "", names(labels))))
  }
  for (value in attr(column, "na_values", exact = TRUE)) add("missing", name, escaped(written(value)))
  range <- attr(column, "na_range", exact = TRUE)
  if (!is.null(range)) {
    bound <- function(x) if (abs(x) > 1.79e308) (if (x < 0) "-inf" else "inf") else sprintf(digits, x)
    add("missing", name, if (range[1] == range[2]) bound(range[1]) else paste0(bound(range[1]), "..", bound(range[2])))
  }
  cells <- written(if (is.character(column)) as.character(column) else column)
  filled <- which(!is.na(cells))
  if (length(filled) > 0) add("cell", name, filled, escaped(sub(" +$", "", cells[filled])))
}
writeLines(enc2utf8(out), arguments[2], useBytes = TRUE)
