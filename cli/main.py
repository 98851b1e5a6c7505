"""The command `normscape`: the app, and its questions answered in a terminal.

Exit codes: 0 if all went well, 1 if a measurement failed, 2 for wrong arguments, 130 after Ctrl-C.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import field, make_dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlencode

import tyro

from normscape.cli import other
from normscape.cli.answer import Answer
from normscape.cli.files import (
    CHART_ENDINGS,
    NUMBER_ENDINGS,
    PATH_ENDINGS,
    SURFACE_ENDINGS,
    check_endings,
    frames_shown,
    table,
    write,
)
from normscape.cli.flags import experiment_flags, experiment_of
from normscape.cli.questions import analysis, curvature, paths, stability, surface
from normscape.cli.source import KINDS, read_source
from normscape.cli.work import FailedError, Workers, possible, stored, work
from normscape.exports.optional import MissingLibraryError
from normscape.landscape import TooLargeError
from normscape.specs import Display, Experiment, to_query
from normscape.specs.experiment import Variants

Measure = Callable[[Workers, Experiment, Variants, Any], Answer]


class Question(NamedTuple):
    """A command that measures."""

    measure: Measure
    options: type
    endings: Sequence[str] = CHART_ENDINGS  # of the files that it writes
    page: str = ""  # that shows the same, as in an address
    stored: bool = False  # whether it measures nothing


QUESTIONS: dict[str, Question] = {
    "surface": Question(surface.surface, surface.SurfaceOptions, endings=SURFACE_ENDINGS),
    "export": Question(surface.export, surface.SurfaceOptions, endings=SURFACE_ENDINGS, stored=True),
    "line": Question(surface.line, surface.LineOptions),
    "spectrum": Question(curvature.spectrum, curvature.SpectrumOptions, page="curvature"),
    "trajectory": Question(paths.trajectory, paths.TrajectoryOptions, PATH_ENDINGS, page="paths"),
    "connect": Question(paths.connect, paths.ConnectOptions, page="paths"),
    "rates": Question(stability.rates, stability.RatesOptions, page="learning-rates"),
    "analysis": Question(analysis.analysis, analysis.AnalysisOptions, endings=NUMBER_ENDINGS, page="analysis"),
}

OTHERS: dict[str, Callable[[Sequence[str]], None]] = {
    "gallery": other.gallery,
    "import": other.import_files,
    "reproduce": other.reproduce,
}

SERVE = "Open the app in a browser; the default. Flags go to `streamlit run`, such as --server.port 8600."

SHOWN = ("metric", "layer", "scale", "matching", "curve")
"""Fields of a display that are options of commands."""

WRONG = (TypeError, ValueError, MissingLibraryError)
"""What users can mend: shown as one line, without a traceback."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command, and return its exit code.

    Args:
        arguments: those of the process by default.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    name = given[0] if given else "--help"
    if name in ("-h", "--help", "help"):
        print(_overview())
        return 0
    if name not in (*QUESTIONS, *OTHERS):
        known = ", ".join(("serve", *OTHERS, *QUESTIONS))
        return _fail(f"there is no command {name!r};{_nearest(name)} choose one of {known}", 2)
    try:
        return _run(name, given[1:])
    except KeyboardInterrupt:
        return _fail("stopped. What is finished is kept: the same command continues from there.", 130)
    except (FailedError, TooLargeError) as error:
        return _fail(str(error), 1)
    except BrokenPipeError:  # the reader of a pipe has ended
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        return _fail(f"{error.filename or 'a file'}: {error.strerror or error}", 2)
    except WRONG as error:
        return _fail(str(error) or type(error).__name__, 2)


def _run(name: str, arguments: list[str]) -> int:
    if name in OTHERS:
        OTHERS[name](arguments)
        return 0
    question = QUESTIONS[name]
    source = arguments[0] if arguments and not arguments[0].startswith("-") else ""
    first, display = read_source(source)
    flags: Any = tyro.cli(
        _arguments(question, first, display),
        args=arguments[bool(source) :],
        prog=f"normscape {name} [SOURCE]",
        description=f"{(question.measure.__doc__ or '').strip()}\n\nSOURCE, before all flags: {KINDS}.",
    )
    check_endings(flags.output, question.endings)
    experiment = experiment_of(flags.experiment)
    shown = replace(display, **_shown(flags.options, flags.options))
    if flags.address:
        print(_address(question, experiment, shown))
        return 0
    variants = possible(experiment)
    opened: AbstractContextManager[Workers] = stored() if question.stored else work(flags.scheduler, quiet=flags.quiet)
    with opened as running:
        answer = question.measure(running, experiment, variants, flags.options)
    print(answer.title, table(answer), *answer.notes, sep="\n")
    for path in flags.output:
        with frames_shown(path, quiet=flags.quiet) as on_progress:
            print(f"wrote {write(answer, path, experiment, shown, on_progress)}")
    return 0


def _arguments(question: Question, experiment: Experiment, display: Display) -> type:
    """Return the dataclass of all arguments of a command."""
    flags, options = experiment_flags(experiment), question.options

    def first_options() -> Any:
        return options(**_shown(display, options()))

    fields: list[tuple[str, Any, Any]] = [
        (
            "output",
            Annotated[tuple[Path, ...], tyro.conf.arg(aliases=("-o",), help="Files to write; the ending decides.")],
            (),
        ),
        ("address", Annotated[bool, tyro.conf.arg(help="Print the address of the page instead of measuring.")], False),
        (
            "scheduler",
            Annotated[str, tyro.conf.arg(help="Address of a Dask scheduler; empty for workers on this machine.")],
            "",
        ),
        ("quiet", Annotated[bool, tyro.conf.arg(aliases=("-q",), help="Show no progress.")], False),
        ("options", Annotated[options, tyro.conf.arg(name="")], field(default_factory=first_options)),
        ("experiment", Annotated[flags, tyro.conf.arg(name="")], field(default_factory=flags)),
    ]
    return make_dataclass("Arguments", fields, frozen=True)


def _shown(values: Any, options: Any) -> dict[str, Any]:
    """Return those values of a display that a command has options for."""
    return {name: getattr(values, name) for name in SHOWN if hasattr(options, name)}


def _address(question: Question, experiment: Experiment, display: Display) -> str:
    query = to_query(experiment, Experiment()) | to_query(display, Display())
    return f"http://127.0.0.1:8501/{question.page}?{urlencode(query, safe=',')}"


def _overview() -> str:
    """Return the list of commands."""
    entries: dict[str, str | None] = {"serve": SERVE}
    entries |= {name: command.__doc__ for name, command in OTHERS.items()}
    entries |= {name: question.measure.__doc__ for name, question in QUESTIONS.items()}
    lines = [f"  {name:<11} {(text or '').strip().splitlines()[0]}" for name, text in entries.items()]
    return "\n".join(
        [
            "usage: normscape COMMAND [SOURCE] [FLAGS]",
            "",
            *lines,
            "",
            f"SOURCE is {KINDS}. `normscape COMMAND --help` lists the flags.",
        ]
    )


def _nearest(name: str) -> str:
    """Return a hint at the command that a mistyped name resembles; empty if there is none."""
    near = get_close_matches(name, ("serve", *OTHERS, *QUESTIONS), n=1)
    return f" perhaps you meant {near[0]};" if near else ""


def _fail(message: str, code: int) -> int:
    print(f"normscape: {message}", file=sys.stderr)
    return code
