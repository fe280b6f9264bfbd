# Writes 8.dta to 15.dta with haven, beside this script: `Rscript write.R` in this folder, in a UTF-8 locale.
library(haven)

answers <- data.frame(
  vraag = labelled(c(1, 2, tagged_na("a"), tagged_na("z"), NA, 2.5),
                   c(Ja = 1, Nee = 2, Weigert = tagged_na("a"), "Weet niet" = tagged_na("b")),
                   label = "Vraag \u00e9\u00e9n"),
  tekst = c("\u00e9\u00e9n keer", "b", "", "d", "select", "'; drop"),
  dag = as.Date(c("1850-01-31", "2024-02-29", NA, "9999-12-31", "1960-01-01", "2000-01-01"))
)
for (version in c(8, 10, 12, 13, 14, 15)) {
  write_dta(answers, paste0(version, ".dta"), version = version)
}
