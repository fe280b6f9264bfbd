"""The registry of the study in miniature: every declared table, written from the rows below."""

from __future__ import annotations

from pathlib import Path

from orchestration.registry import TABLES, load_registry
from orchestration.registry.csv_text import canonical_csv
from orchestration.registry.load import Row
from orchestration.settings import load_settings

WAVES = ("mini_2020", "mini_2022")
QUESTIONS = {
    "FUNCTIE": "Functie",
    "SEXE": "Geslacht",
    "LEEFTIJD": "Leeftijd in jaren",
    "V1": "Verbaal bejegend",
    "V2": "Bedreigd",
    "V3": "Besproken",
    "N1": "Aantal keren",
    "S1": "De normen zijn strenger geworden",
}
# Both waves hold the same answers, by arithmetic.
NOT_LOOKED_FOR = ("same_answers", "same_file")


def write_table(root: Path, table: str, rows: list[Row]) -> None:
    """Write rows (dicts; what is left out is empty) as a registry file, sorted by its key."""
    declared = TABLES[table]
    full = [{name: str(row.get(name, "")) for name in declared.column_names} for row in rows]
    full.sort(key=lambda row: tuple(row[name] for name in declared.key))
    path = root / declared.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(canonical_csv(declared.column_names, (row.values() for row in full)), encoding="utf-8")


def write_registry(root: Path) -> None:
    """Write every declared table: those below with their rows, the rest with a header only."""
    rows = registry_rows()
    for table in TABLES:
        write_table(root, table, rows.get(table, []))


def registry_rows() -> dict[str, list[Row]]:
    """Rows of the miniature registry, by table."""
    labels = _labels
    rows: dict[str, list[Row]] = {
        "programmes": [
            {
                "programme_id": "mini",
                **labels("Proefmonitor"),
                "cycle_years": "2",
                "group_name": "mini",
                "refresh_cron": "0 6 * * 1",
                "refresh_timezone": "Europe/Amsterdam",
                "sort_order": "1",
            }
        ],
        "waves": [
            {
                "wave_id": wave,
                "programme_id": "mini",
                "year": wave[-4:],
                "maturity": "final",
                "contractor": "Bureau Voorbeeld",
            }
            for wave in WAVES
        ],
        "themes": [
            {"theme_id": "safety", **labels("Veiligheid")},
            {"theme_id": "integrity", **labels("Integriteit")},
        ],
        "blocks": [
            {"block_id": "victimisation", "theme_id": "safety", **labels("Slachtofferschap")},
            {"block_id": "norms", "theme_id": "integrity", **labels("Normen")},
        ],
        "wave_themes": [
            {"wave_id": wave, "theme_id": theme} for wave in WAVES for theme in ("safety", "integrity")
        ],
        "instruments": [
            {"instrument_id": "office_holders", **labels("Ambtsdragers"), "unit_of_observation": "person"},
            {
                "instrument_id": "organisations",
                **labels("Organisaties"),
                "unit_of_observation": "organisation",
            },
        ],
        "wave_instruments": [
            {"wave_id": wave, "instrument_id": instrument, "status": status, "reason": reason}
            for wave in WAVES
            for instrument, status, reason in (
                ("office_holders", "asked", ""),
                ("organisations", "not_asked", "geen onderdeel"),
            )
        ],
        "layers": [{"layer_id": "gemeente", **labels("gemeente")}],
        "populations": [
            _population("politieke_ambtsdragers", "", "1"),
            _population("raadsleden", "politieke_ambtsdragers", "2"),
            _population("wethouders", "politieke_ambtsdragers", "3"),
        ],
        "population_rules": [
            {"population_id": "raadsleden", "concept_id": "role", "code": "raadslid"},
            {"population_id": "wethouders", "concept_id": "role", "code": "wethouder"},
        ],
        "breakdowns": [
            {"breakdown_id": "total", **labels("Totaal"), "sort_order": "1"},
            {"breakdown_id": "gender", "concept_id": "gender", **labels("Geslacht"), "sort_order": "2"},
        ],
        "population_breakdowns": [
            *(
                {"population_id": name, "breakdown_id": "total"}
                for name in ("politieke_ambtsdragers", "raadsleden", "wethouders")
            ),
            {"population_id": "politieke_ambtsdragers", "breakdown_id": "gender"},
        ],
        "drift_rules": [
            {**row, "verdict": "ignore"} if row["kind"] in NOT_LOOKED_FOR else row
            for row in load_registry(load_settings({}).registry).table("drift_rules")
        ],
        "quality_flags": [
            {
                "check_id": "drift_to_judge",
                "severity": "flag",
                "owner": "dataredactie",
                "expires_on": "2099-12-31",
                "reason": "vraagt een oordeel",
            }
        ],
        "weight_totals": [
            {
                "wave_id": wave,
                "instrument_id": "office_holders",
                "file_id": "ambtsdragers",
                "total": "120",
                "tolerance": "0.005",
                "status": "accepted",
                "reason": "één per respondent",
            }
            for wave in WAVES
        ],
        "missing_kinds": [
            {"missing_kind": kind, **labels(kind)}
            for kind in TABLES["missing_kinds"].column("missing_kind").allowed
        ],
        "families": [
            {"family_id": "victimisation", **labels("Toetsen over slachtofferschap")},
            {"family_id": "norms", **labels("Toetsen over normen")},
        ],
        "bases": [
            {"base_id": "all_answered", **labels("iedereen met een geldig antwoord")},
            {"base_id": "victims", **labels("slachtoffers")},
        ],
        "base_rules": [{"base_id": "victims", "concept_id": "victim_any", "code": "ja"}],
        "estimation_policies": [
            {"policy_id": name, "value": value, "reason": "as in the sample"} for name, value in POLICIES
        ],
        "derived_concepts": [
            {"concept_id": "victim_any", "verb": "any_of", "code_when_true": "ja", "code_when_false": "nee"}
        ],
        "derived_inputs": [
            {"concept_id": "victim_any", "input_concept_id": name, "code": "ja"}
            for name in ("victim_verbal", "victim_threat")
        ],
        "routing": [
            {
                "wave_id": wave,
                "instrument_id": "office_holders",
                "concept_id": "incident_discussed",
                "gate_concept_id": "victim_any",
                "code": "ja",
            }
            for wave in WAVES
        ],
        "codelists": [
            {"codelist_id": codelist, "code": code, **labels(label), "sort_order": str(order)}
            for codelist, codes in CODELISTS.items()
            for order, (code, label) in enumerate(codes, start=1)
        ],
        "concepts": [_concept(*row) for row in CONCEPTS],
        "indicators": [
            _indicator("victim_any_12m", "victim_any", "all_answered", "true"),
            _indicator("victim_threat_12m", "victim_threat", "all_answered", "false"),
            _indicator("incident_discussed_share", "incident_discussed", "victims", "false"),
        ],
        "indicator_codes": [
            {"indicator_id": name, "code": "ja"}
            for name in ("victim_any_12m", "victim_threat_12m", "incident_discussed_share")
        ],
    }
    for wave in WAVES:
        for table, found in _crosswalk(wave).items():
            rows.setdefault(table, []).extend(found)
    return rows


POLICIES = (
    ("change_df", "satterthwaite"),
    ("confidence_level", "0.95"),
    ("drift_fewest_answers", "30"),
    ("drift_fewest_of_a_population", "5"),
    ("drift_fewest_rows_of_a_copy", "30"),
    ("drift_most_codes", "40"),
    ("drift_most_codes_to_swap", "25"),
    ("drift_wave_spread", "0.1"),
    ("korn_graubard_below", "10"),
    ("lonely_psu", "adjust"),
    ("multiple_testing", "holm"),
    ("recalibration_lower", "0.3"),
    ("recalibration_upper", "3"),
    ("reconciliation_about_tolerance", "3"),
    ("stable_alpha", "0.05"),
    ("weight_spread_flag", "3"),
)
CODELISTS = {
    "ja_nee": [("ja", "Ja"), ("nee", "Nee")],
    "role": [("raadslid", "Raadslid"), ("wethouder", "Wethouder")],
    "gender": [("man", "Man"), ("vrouw", "Vrouw")],
    "age_class": [("tot_45", "tot 45 jaar"), ("vanaf_45", "45 jaar en ouder")],
    "agreement_5": [
        ("1", "Helemaal mee oneens"),
        ("2", "Mee oneens"),
        ("3", "Neutraal"),
        ("4", "Mee eens"),
        ("5", "Helemaal mee eens"),
    ],
}
CONCEPTS = (
    ("role", "", "", "categorical", "role"),
    ("gender", "", "", "categorical", "gender"),
    ("age_class", "", "", "categorical", "age_class"),
    ("victim_verbal", "safety", "victimisation", "categorical", "ja_nee"),
    ("victim_threat", "safety", "victimisation", "categorical", "ja_nee"),
    ("victim_any", "safety", "victimisation", "categorical", "ja_nee"),
    ("incident_discussed", "safety", "victimisation", "categorical", "ja_nee"),
    ("incident_count", "safety", "victimisation", "numeric", ""),
    ("norms_tightened", "integrity", "norms", "categorical", "agreement_5"),
)


def _labels(text: str) -> Row:
    return {"label_nl": text, "label_en": text}


def _population(name: str, parent: str, order: str) -> Row:
    return {
        "population_id": name,
        "parent_population_id": parent,
        "instrument_id": "office_holders",
        **_labels(name),
        "description": f"{name}, uit de enquête onder politieke ambtsdragers, sinds 2020.",
        "is_public_body": "false",
        "sort_order": order,
    }


def _concept(name: str, theme: str, block: str, kind: str, codelist: str) -> Row:
    scale = {"valid_min": "1", "valid_max": "5"} if codelist == "agreement_5" else {}
    return {
        "concept_id": name,
        "theme_id": theme,
        "block_id": block,
        "type": kind,
        "codelist_id": codelist,
        **_labels(name),
        "is_sensitive": "false",
        **scale,
    }


def _indicator(name: str, concept: str, base: str, is_headline: str) -> Row:
    return {
        "indicator_id": name,
        **_labels(name),
        "theme_id": "safety",
        "block_id": "victimisation",
        "concept_id": concept,
        "denominator_concept_id": "",
        "statistic": "proportion",
        "unit": "percent",
        "base_id": base,
        "family_id": "victimisation",
        "is_sensitive": "false",
        "is_headline": is_headline,
        "sort_order": "1",
    }


def _crosswalk(wave: str) -> dict[str, list[Row]]:
    scope = {"wave_id": wave, "instrument_id": "office_holders"}
    mapped = (
        ("FUNCTIE", "role", "recode"),
        ("SEXE", "gender", "recode"),
        ("LEEFTIJD", "age_class", "bucket"),
        ("V1", "victim_verbal", "recode"),
        ("V2", "victim_threat", "recode"),
        ("V3", "incident_discussed", "recode"),
        ("N1", "incident_count", "copy"),
        ("S1", "norms_tightened", "reverse"),
    )
    variables = [
        {
            **scope,
            "source_variable": variable,
            "source_label": QUESTIONS[variable],
            "concept_id": concept,
            "verb": verb,
            "comparability": "identical",
            "status": "accepted",
        }
        for variable, concept, verb in mapped
    ]
    coded = [
        ("FUNCTIE", "1", "Raadslid", "raadslid", ""),
        ("FUNCTIE", "2", "Wethouder", "wethouder", ""),
        ("SEXE", "1", "Man", "man", ""),
        ("SEXE", "2", "Vrouw", "vrouw", ""),
        ("LEEFTIJD", "999", "Onbekend", "", "not_stated"),
        ("N1", "99", "Weet niet", "", "dont_know"),
    ]
    for variable in ("V1", "V2", "V3"):
        coded += [
            (variable, "1", "Ja", "ja", ""),
            (variable, "2", "Nee", "nee", ""),
            (variable, "9", "Weet niet", "", "dont_know"),
        ]
    values = [
        {
            **scope,
            "source_variable": variable,
            "source_code": code,
            "source_label": label,
            "code": target,
            "missing_kind": kind,
        }
        for variable, code, label, target, kind in coded
    ]
    buckets = [
        {
            **scope,
            "source_variable": "LEEFTIJD",
            "concept_id": "age_class",
            "lower": low,
            "upper": high,
            "code": code,
        }
        for low, high, code in (("18", "44", "tot_45"), ("45", "100", "vanaf_45"))
    ]
    return {"xw_variables": variables, "xw_values": values, "xw_buckets": buckets}
