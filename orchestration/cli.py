"""``peilstok …``: the command line.

Exit codes: 0 done, also when nothing changed; 1 a gate said no; 2 wrong use, or input that is missing or
unreadable.
Libraries are imported by the command that needs them, so that help and mistakes answer at once.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

INTERRUPTED = 130
WRONG_USE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; faults that a person can mend show no traceback."""
    options = build_parser().parse_args(arguments)
    try:
        return _run(options)
    except KeyboardInterrupt:
        _complain("interrupted; published/current is as it was")
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of a pipe (`| head`) went away; that is no fault, and there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as fault:
        _complain(f"{fault.filename or 'a file'}: {fault.strerror or fault}")
        return WRONG_USE
    except Exception as fault:
        # Faults that are made to be read carry their own exit code; anything else is a defect of the program.
        if not hasattr(fault, "exit_code"):
            return _defect(fault)
        _complain(str(fault))
        return int(fault.exit_code)


def build_parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    parser = argparse.ArgumentParser(
        prog="peilstok",
        description="The warehouse behind the Dutch monitors of aggression, violence and integrity.",
        epilog="Folders: PEILSTOK_RAW (raw), PEILSTOK_REGISTRY (dbt_project/seeds) and PEILSTOK_HOME "
        "(warehouse). "
        "Exit codes: 0 done or no change, 1 a gate said no, 2 wrong use or unreadable input.",
    )
    parser.add_argument("--version", action="version", version=f"peilstok {metadata.version('peilstok')}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")

    refresh = commands.add_parser(
        "refresh", help="land, build, check and publish; nothing when nothing changed"
    )
    _add_waves(refresh, "land this wave only, the others stay as landed (may be repeated)")
    refresh.add_argument("--all", action="store_true", help="run also when nothing changed")
    refresh.add_argument("--no-publish", action="store_true", help="stop before the release")

    check = commands.add_parser(
        "check", help="check manifests, locks, registry and crosswalk; builds nothing"
    )
    _add_waves(check, "check this wave only (may be repeated)")
    check.add_argument(
        "--cross-read",
        action="store_true",
        help="read each file a second time by an independent reader (PSPP for .sav, .zsav and .por), and compare",
    )

    new_wave = commands.add_parser(
        "new-wave", help="make a delivery of files that came in, and propose its rows of the registry"
    )
    new_wave.add_argument("wave", metavar="ID", help="wave_id, such as vi_2026")
    new_wave.add_argument("files", metavar="FILE", nargs="+", type=Path, help="file, or codebook of one")
    new_wave.add_argument(
        "--like", metavar="ID", help="wave to start from (default: the last one of the programme)"
    )
    _add_names(
        new_wave,
        "instrument",
        "FILE=INSTRUMENT",
        "say which questionnaire a file is of, instead of guessing (may be repeated)",
    )
    new_wave.add_argument("--dry-run", action="store_true", help="print the proposal and write nothing")

    accept = commands.add_parser(
        "accept",
        help="let proposed rows of a wave count, once a person has looked; without options, show them",
    )
    accept.add_argument("wave", metavar="ID", help="wave_id, such as vi_2026")
    _add_names(
        accept,
        "variable",
        "[INSTRUMENT/]NAME",
        "every row about this variable; with its questionnaire where several have the name (may be repeated)",
    )
    _add_names(accept, "table", "NAME", "every row of this table (may be repeated)")
    accept.add_argument("--sure", action="store_true", help="every row that scores as sure")
    accept.add_argument("--all", action="store_true", help="every row")
    accept.add_argument(
        "--list",
        action="store_true",
        help="show every row that waits for a look, and every variable that is left out",
    )
    accept.add_argument("--dry-run", action="store_true", help="say what would be accepted and write nothing")

    lock = commands.add_parser("lock", help="write delivery.lock of a wave: hashes, sizes, rows, columns")
    lock.add_argument("wave", metavar="ID", help="wave_id, such as vi_2016")

    commands.add_parser("releases", help="list the releases on disk")

    rollback = commands.add_parser("rollback", help="make an earlier release current again")
    rollback.add_argument("release", metavar="ID", help="release id, as `peilstok releases` lists it")

    diff = commands.add_parser(
        "diff", help="say what differs between two releases, or two versions of a delivery"
    )
    what = "release (id, its beginning, current or previous), or version of a delivery such as vi_2016@1"
    diff.add_argument("old", metavar="A", help=what)
    diff.add_argument("new", metavar="B", help="the same, to compare with")
    diff.add_argument("--csv", metavar="FILE", type=Path, help="of releases: write every cell that differs")

    weights = commands.add_parser(
        "weights", help="print how much the weights vary and what recalibrating them would change"
    )
    _add_waves(weights, "print this wave only (may be repeated)")

    accesses = commands.add_parser("access-log", help="print who read answers of respondents, and when")
    _add_waves(accesses, "print readings of this wave only (may be repeated)")

    commit = commands.add_parser(
        "check-commit", help="refuse a commit that holds a delivery of real answers; what is staged counts"
    )
    commit.add_argument(
        "files", metavar="FILE", nargs="*", help="look at this file too, as if it were staged"
    )
    trace = commands.add_parser(
        "trace", help="lead a published cell back to deliveries and codes, or a variable to its cells"
    )
    trace.add_argument(
        "cell",
        metavar="CELL",
        nargs="?",
        help="indicator/population/wave or indicator/population/breakdown=code/wave",
    )
    trace.add_argument(
        "--from", metavar="SOURCE", dest="source", help="wave/file_or_instrument/variable: what uses it"
    )
    trace.add_argument("--all", action="store_true", help="every code, indicator and cell")
    trace.add_argument("--json", action="store_true", help="for a program to read")
    _add_release(trace)

    comparability = commands.add_parser(
        "comparability", help="print what each wave asked and what may be compared, per population"
    )
    comparability.add_argument("--theme", metavar="ID", help="this theme only")
    comparability.add_argument("--population", metavar="ID", help="this population only")
    comparability.add_argument("--json", action="store_true", help="for a program to read")
    _add_release(comparability)

    tidy = commands.add_parser("tidy", help="put the registry's files in form again after a spreadsheet")
    tidy.add_argument("--check", action="store_true", help="change nothing, only say what is not tidy")
    tidy.add_argument(
        "--as-meant",
        action="store_true",
        help="take cells as they are, also where a spreadsheet may have changed them",
    )

    sample = commands.add_parser("sample-data", help="write the synthetic sample deliveries again")
    sample.add_argument(
        "--output", metavar="DIR", type=Path, help="folder to write to (default: PEILSTOK_RAW)"
    )
    _add_waves(sample, "write this wave only (may be repeated)")
    return parser


def _add_waves(parser: argparse.ArgumentParser, text: str) -> None:
    _add_names(parser, "wave", "ID", text)


def _add_names(parser: argparse.ArgumentParser, name: str, shown: str, text: str) -> None:
    """An option that may be repeated: ``--wave`` gives ``waves``."""
    parser.add_argument(f"--{name}", metavar=shown, action="append", default=[], dest=f"{name}s", help=text)


def _add_release(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--release", metavar="ID", help="id or folder of a release (default: the current one)"
    )


def _run(options: argparse.Namespace) -> int:
    from rich.console import Console

    from orchestration.commands.choice import WrongUse
    from orchestration.settings import load_settings

    settings = load_settings()
    if settings.home.exists() and not settings.home.is_dir():
        raise WrongUse(f"{settings.home} is no folder; let PEILSTOK_HOME name one, or a place to make one")
    console = Console(highlight=False)
    if options.command == "refresh":
        from orchestration.commands.refresh import refresh

        return refresh(settings, console, options.waves, options.all, not options.no_publish)
    if options.command == "check":
        from orchestration.commands.check import check

        return check(settings, console, options.waves, options.cross_read)
    if options.command == "new-wave":
        from orchestration.commands.new_wave import new_wave

        return new_wave(
            settings,
            console,
            options.wave,
            options.files,
            options.like,
            options.instruments,
            options.dry_run,
        )
    if options.command == "accept":
        from orchestration.commands.accept import Choice, accept

        choice = Choice(options.tables, options.variables, options.sure, options.all)
        return accept(settings, console, options.wave, choice, options.dry_run, options.list)
    if options.command == "lock":
        from orchestration.commands.lock import lock

        return lock(settings, console, options.wave)
    if options.command == "releases":
        from orchestration.commands.releases import show_releases

        return show_releases(settings, console)
    if options.command == "diff":
        from orchestration.commands.diff import diff

        return diff(settings, console, options.old, options.new, options.csv)
    if options.command == "rollback":
        from orchestration.commands.releases import roll_back

        return roll_back(settings, console, options.release)
    if options.command == "weights":
        from orchestration.commands.weights import show_weights

        return show_weights(settings, console, options.waves)
    if options.command == "access-log":
        from orchestration.commands.access_log import show_accesses

        return show_accesses(settings, console, options.waves)
    if options.command == "check-commit":
        from orchestration.commands.check_commit import check_commit

        return check_commit(console, Path.cwd(), options.files)
    if options.command == "trace":
        from orchestration.commands.trace import trace

        return trace(
            settings, console, options.cell, options.source, options.release, options.all, options.json
        )
    if options.command == "comparability":
        from orchestration.commands.comparability import show_comparability

        return show_comparability(
            settings, console, options.theme, options.population, options.release, options.json
        )
    if options.command == "tidy":
        from orchestration.commands.tidy import tidy

        return tidy(settings, console, options.check, options.as_meant)
    from orchestration.commands.sample_data import write_sample

    return write_sample(settings, console, options.output, options.waves)


def _defect(fault: Exception) -> int:
    """Tell of a fault of the program; its message may repeat somebody's answer, so its steps stand alone."""
    from orchestration.fault_text import place_of, steps_to

    print(steps_to(fault), file=sys.stderr)
    _complain(f"unforeseen {place_of(fault)}: this is a fault of the program")
    return 1


def _complain(text: str) -> None:
    print(f"peilstok: {text}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
