"""conformance: the rules of the specs put to a program or a node (specs/conformance.md)."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from hedgerow_node.cli.asked import Asked, Command, pass_asked
from hedgerow_node.cli.screen import Screen
from hedgerow_node.cli.session import Json
from hedgerow_node.cli.wording import count
from hedgerow_node.conformance.report import Report

if TYPE_CHECKING:
    from hedgerow_protocol.invite import SignedInvite

USUAL_CASES = 10_000
"""Cases of a fuzz: some ten seconds with two fast programs."""


@click.command("conformance", cls=Command)
@click.argument("address", required=False)
@click.option("--stdio", metavar="CMD", help="Judge this program, which answers cases line by line.")
@click.option("--invite", metavar="INVITE", help="Join with this invite of the node, to see more of it.")
@click.option(
    "--vectors",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    help="Vectors from this folder instead of those that came with this program.",
)
@click.option("--fuzz", nargs=2, metavar="CMD CMD", help="Show where two such programs disagree.")
@click.option("--cases", type=click.IntRange(1), default=USUAL_CASES, help="How many cases of a fuzz.")
@click.option("--seed", type=int, default=1, help="Which cases: the same seed makes the same ones.")
@click.option("--first", type=click.IntRange(0), default=0, help="The number of the first case.")
@click.option(
    "--file",
    "files",
    multiple=True,
    metavar="NAME",
    help="Change only vectors of files that begin so: 05-kinds.",
)
@pass_asked
def conformance_command(
    asked: Asked,
    address: str | None,
    stdio: str | None,
    invite: str | None,
    vectors: Path | None,
    fuzz: tuple[str, str] | None,
    cases: int,
    seed: int,
    first: int,
    files: tuple[str, ...],
) -> None:
    """Judge a node at ADDRESS, or a program, by the rules of the specs."""
    if sum(map(bool, (address, stdio, fuzz))) != 1:
        raise click.UsageError("Give one of ADDRESS, --stdio and --fuzz.")
    if address is not None:
        _judge_node(asked, address, invite)
    elif stdio is not None:
        _judge_program(asked, stdio, vectors)
    elif fuzz is not None:
        _fuzz(asked, fuzz, vectors, (cases, seed, first, files))


def _judge_node(asked: Asked, address: str, invite: str | None) -> None:
    import asyncio

    from hedgerow_node.clock import Clock
    from hedgerow_node.conformance.live.running import Wish, judge_node
    from hedgerow_node.conformance.live.unseen import unseen

    wish = Wish(address, _parsed(invite) if invite is not None else None)
    with asked.screen.progress("Trying") as progress:
        report = asyncio.run(judge_node(wish, Clock(), progress.step))
    beyond = unseen()
    _tell(asked, report, {"unseen": beyond})
    asked.screen.line(f"{count(len(beyond), 'rule')} cannot be seen on a link: --json lists them.", "quiet")


def _parsed(text: str) -> "SignedInvite":
    from hedgerow_node.problems import Code, Problem
    from hedgerow_protocol.errors import RemoteProtocolError
    from hedgerow_protocol.invite import parse_invite

    try:
        return parse_invite(text)
    except RemoteProtocolError:
        raise Problem(Code.INVITE_WRONG) from None


def _judge_program(asked: Asked, command: str, vectors: Path | None) -> None:
    from hedgerow_node.conformance.cases import VECTORS
    from hedgerow_node.conformance.judging import judge_program
    from hedgerow_node.conformance.lines import LineProgram

    with LineProgram(command) as program, asked.screen.progress("Judging") as progress:
        report = judge_program(program, progress.step, vectors or VECTORS)
    _tell(asked, report, {})


def _tell(asked: Asked, report: Report, more: Json) -> None:
    screen = asked.screen
    screen.value(report.as_json() | more)
    for failure in report.failed:
        screen.line(f"{failure.rule} failed: {failure.claim}", "bad")
        screen.line(failure.detail, indent=2)
    _tell_left_out(screen, report)
    screen.line(f"{report.passed:,} passed, {len(report.failed):,} failed.", "title")
    asked.status = 1 if report.failed else 0


def _tell_left_out(screen: Screen, report: Report) -> None:
    for why in dict.fromkeys(one.why for one in report.left_out):
        names = sorted({one.file or one.rule for one in report.left_out if one.why == why})
        screen.line(f"Left out, because {why}: {', '.join(names)}", "quiet")


def _fuzz(
    asked: Asked,
    commands: tuple[str, str],
    vectors: Path | None,
    chosen: tuple[int, int, int, tuple[str, ...]],
) -> None:
    from hedgerow_node.conformance.cases import VECTORS
    from hedgerow_node.conformance.fuzzing import Fuzz, play
    from hedgerow_node.conformance.lines import LineProgram

    screen, fuzz = asked.screen, Fuzz(*chosen)
    with (
        LineProgram(commands[0]) as one,
        LineProgram(commands[1]) as other,
        screen.progress("Playing") as bar,
    ):
        found = play(one, other, fuzz, bar.step, vectors or VECTORS)
    screen.value(
        {"seed": fuzz.seed, "cases": fuzz.count, "disagreements": [each.as_json() for each in found]}
    )
    for each in found:
        screen.line(f"{each.file}: {each.case}", "bad")
        screen.line(f"the first says {each.one}, the other {each.other}", indent=2)
        screen.line(f"Again: --seed {fuzz.seed} --first {each.number} --cases 1", "next", indent=2)
    asked.status = 1 if found else 0
    screen.line(f"{fuzz.count:,} cases with the seed {fuzz.seed}, {len(found)} disagreements.", "title")
