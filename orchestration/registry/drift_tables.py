"""Tables that say what a delivery is held against, and what a person has judged."""

from __future__ import annotations

from orchestration.registry.declaration import Column, Table

FOLDER = "registry"

KINDS: dict[str, str] = {
    "answer_list_changed": "a question has answers that the earlier wave lacked, or lacks some that it had",
    "answers_joined": "an answer is joined with those that a code had in the earlier wave, or one of them is gone",
    "answers_mirrored": "the answers fit the earlier wave when the scale is turned round, and not as delivered",
    "answers_outside_codes": "a variable that was left out has labelled codes, and answers beside them",
    "answers_swapped": "the answers fit the earlier wave when two codes change places, and not as delivered",
    "answers_unrelated": "the answers to some questions no longer differ between populations, as in a sorted column",
    "codes_moved": "known labels stand at other codes, as after an inserted answer",
    "columns_shifted": "the answers of neighbouring variables fit the earlier wave one column further",
    "distribution_jump": "the numbers of a variable run otherwise than in the earlier wave",
    "label_means_another_code": "the crosswalk gives a label a code that no earlier wave gave it",
    "missing_code_moved": "a kind of missing has another code",
    "missing_not_declared": "a code that the crosswalk holds missing is not declared so in the file",
    "more_rows_than_invited": "a file has more respondents than were invited",
    "no_answer_jump": "a question is left unanswered far more, or less, than in the earlier wave",
    "no_answers": "nobody answers a question that the earlier wave has answers to, or that is new",
    "part_jump": "one stretch of a file answers otherwise than the rest of it, in the same population",
    "population_absent": "a population was invited, and no row belongs to it",
    "question_changed": "a variable has another question text than the registry knows",
    "question_reworded": "a question is put in other words than in the earlier wave",
    "respondents_twice": "rows repeat every answer of another row under another id",
    "response_fell": "far fewer of the invited answered than in the earlier wave",
    "routing_broken": "a routed question is answered by those whom the routing leads past it",
    "same_answers": "the answers are those of another delivered file, by whatever name",
    "same_file": "the file is another delivered file, byte for byte",
    "scale_points_changed": "an answer list has more or fewer points than the crosswalk knows",
    "scale_reversed": "the labels of a scale stand in the opposite order",
    "share_jump": "the share of an answer differs from the earlier wave beyond what sampling allows",
    "undeclared_variable": "a variable is neither mapped nor left out with a reason",
    "valid_declared_missing": "a code that the crosswalk holds valid is declared missing in the file",
    "vanished_variable": "a variable that was left out with a reason is not in the file",
    "variable_renamed": "a question stands under another variable name",
    "weight_absent": "no weight is declared, and the earlier wave of the instrument had one",
    "weight_total_off": "the weights (or rows, without a weight) add up to something else than was agreed",
    "weight_total_unknown": "nothing says what the weights of a file should add up to",
    "weights_unrelated": "the weights no longer depend on the population, as in a sorted column",
}
"""Every kind of drift: the rows that ``drift_rules`` must have."""

_WHERE = (
    Column("wave_id", "wave", "vi_2022", references="waves.wave_id"),
    Column("instrument_id", "instrument", "office_holders", references="instruments.instrument_id"),
    Column("file_id", "file of the manifest; empty: every file of the instrument", "", required=False),
)

_STATUS = Column("status", "only accepted rows count", "accepted", allowed=("accepted", "proposed"))

TABLES = (
    Table(
        "weight_totals",
        FOLDER,
        "one row per file (or instrument) of a wave: what its weights add up to",
        ("wave_id", "instrument_id", "file_id"),
        (
            *_WHERE,
            Column(
                "total",
                "sum of the weights; of a file without a weight, its number of rows",
                "3033",
                "number",
            ),
            Column("tolerance", "largest difference from it, as a share of it", "0.005", "number"),
            _STATUS,
            Column("reason", "what the total stands for", "gewogen naar het aantal respondenten"),
        ),
    ),
    Table(
        "drift_rules",
        FOLDER,
        "one row per kind of drift",
        ("kind",),
        (
            Column("kind", "kind of drift; each of these has its row", "share_jump", allowed=tuple(KINDS)),
            Column(
                "verdict",
                "error: stops the wave; flag: is shown; ignore: is not looked for",
                "error",
                allowed=("error", "flag", "ignore"),
            ),
            Column(
                "threshold",
                "strength from which it counts, in the measure that the reason names; empty where it is yes or no",
                "8",
                "number",
                required=False,
            ),
            Column(
                "minimum",
                "size below which it never counts, in the measure that the reason names",
                "20",
                "number",
                required=False,
            ),
            Column("reason", "measures, and why these were chosen", "standaardfouten, en punten verschil"),
        ),
    ),
    Table(
        "accepted_drift",
        FOLDER,
        "one row per finding that a person has judged and accepted",
        ("wave_id", "instrument_id", "file_id", "kind", "variable", "code"),
        (
            *_WHERE[:2],
            Column("file_id", "file of the manifest", "office_holders"),
            Column("kind", "kind of drift", "share_jump", references="drift_rules.kind"),
            Column("variable", "variable that the finding names", "Q12", required=False),
            Column("code", "code that the finding names", "ja", required=False),
            Column("before", "what the finding says was there", "23", required=False),
            Column("now", "what the finding says is there", "41", required=False),
            Column(
                "reason", "why it is right as it is", "de vraag kreeg een andere plaats in de vragenlijst"
            ),
        ),
    ),
)
