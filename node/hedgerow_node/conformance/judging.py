"""Every vector put to a program, and its answers compared."""

from collections.abc import Callable
from pathlib import Path

from hedgerow_node.conformance.cases import OPTIONAL, VECTORS, Case, cases_of, vector_files
from hedgerow_node.conformance.lines import LineProgram
from hedgerow_node.conformance.report import Failure, LeftOut, Report
from hedgerow_node.conformance.shown import Json, is_same
from hedgerow_node.problems import Code, Problem

NOT_COVERED = "the program does not cover them"
LONGEST = 120
"""Letters of a value that are shown."""
OnProgress = Callable[[int, int], None]


def judge_program(program: LineProgram, on_progress: OnProgress, folder: Path = VECTORS) -> Report:
    """Put every case to `program`; raises `Problem` when it breaks off."""
    report = Report()
    files = {file: cases_of(file, folder) for file in vector_files(folder)}
    total = sum(map(len, files.values()))
    done = 0
    for file, cases in files.items():
        _judge_file(program, file, cases, report)
        done += len(cases)
        on_progress(done, total)
    if not report.passed and not report.failed:
        raise Problem(Code.PROGRAM_SILENT, f"{program.command}: it covers no file")
    return report


def _judge_file(program: LineProgram, file: str, cases: list[Case], report: Report) -> None:
    for place, case in enumerate(cases):
        answer = program.ask(file, case.inputs)
        if place == 0 and answer.get("expect") is None:
            rules = sorted({one.rule for one in cases})
            report.left_out.append(LeftOut(", ".join(rules), file, NOT_COVERED, file))
            return
        fault = fault_of(case, answer)
        if fault is None:
            report.passed += 1
        else:
            report.failed.append(Failure(case.rule, f"{file}: {case.name}", fault))


def fault_of(case: Case, answer: Json) -> str | None:
    """What is wrong with an answer; None where nothing is."""
    if answer.get("expect") != case.expect:
        return f"expected is {case.expect}, it says {answer.get('expect')}"
    for name, expected in case.results.items():
        if name in OPTIONAL and name not in answer:
            continue
        if name not in answer or not is_same(answer[name], expected):
            return f"{name} is {_short(answer.get(name))}, not {_short(expected)}"
    return None


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"
