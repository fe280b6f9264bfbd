"""``peilstok tidy``: the registry's files in the form that is accepted, after a spreadsheet had them."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from orchestration.commands.choice import WrongUse
from orchestration.deliveries.problems import DeliveryProblems
from orchestration.registry.replacing import replace_files
from orchestration.registry.tidy_registry import tidy_registry
from orchestration.settings import Settings


def tidy(settings: Settings, console: Console, is_check: bool = False, is_as_meant: bool = False) -> int:
    """Rewrite what is not tidy (or, with ``is_check``, only say which files are not); returns the exit code.

    A file with a cell that a spreadsheet damaged is left as it is, and named with line and column.
    """
    if not settings.registry.is_dir():
        raise WrongUse(f"there is no registry in {settings.registry}; PEILSTOK_REGISTRY says where it is")
    files = tidy_registry(settings.registry, is_as_meant)
    problems = [problem for file in files for problem in file.problems]
    changed = [file for file in files if file.is_changed and file.content is not None]
    if not is_check:
        replace_files(
            settings.registry, {file.path: file.content for file in changed if file.content is not None}
        )
    for file in changed:
        console.print(Text(f"{file.path}: {'is not tidy' if is_check else 'tidied'}"), soft_wrap=True)
    for problem in problems:
        console.print(Text(str(problem)), soft_wrap=True)
    if problems:
        refused = len({problem.file.split(":")[0] for problem in problems})
        console.print(
            Text(f"{refused} of {len(files)} files refused, and left as they are", style="bold red")
        )
        return DeliveryProblems(problems).exit_code
    if changed and is_check:
        console.print(Text("run `peilstok tidy`", style="bold red"))
        return 1
    said = f"{len(changed)} of {len(files)} files tidied" if changed else f"{len(files)} files, all tidy"
    console.print(Text(said, style="bold green"))
    return 0
