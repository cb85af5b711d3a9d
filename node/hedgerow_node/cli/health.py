"""status and doctor: how the node is."""

from collections.abc import Mapping, Sequence

import click

from hedgerow_node.cli.asked import Asked, Command, pass_asked
from hedgerow_node.cli.screen import Screen
from hedgerow_node.cli.session import Json, Running
from hedgerow_node.cli.wording import count, link_words, number, record, records, size, text, whole
from hedgerow_node.problems import Problem

REMINDERS = frozenset({"words", "copy", "erasure", "advice"})
"""Checks of the doctor that remind of something to do and find no fault."""


@click.command("status", cls=Command)
@click.option("--limits", "with_limits", is_flag=True, help="Show the limits that were met, too.")
@pass_asked
def status_command(asked: Asked, with_limits: bool) -> None:
    """Who you are here, how much there is, whom you are connected to."""
    with asked.session() as session:
        answer = session.call("status")
        asked.screen.value(answer)
        _show_status(asked.screen, answer, session.running)
        if with_limits:
            _show_limits(asked.screen, [one for one in records(answer.get("limits")) if one.get("times")])


@click.command("limits", cls=Command)
@pass_asked
def limits_command(asked: Asked) -> None:
    """How much is allowed, what happens at each limit, and how often it was met."""
    with asked.session() as session:
        answer = session.call("limits")
    asked.screen.value(answer)
    _show_limits(asked.screen, records(answer.get("limits")))


def _show_limits(screen: Screen, limits: Sequence[Mapping[str, object]]) -> None:
    if not limits:
        screen.line("No limit was met.")
    for one in limits:
        times, value = one.get("times"), _amount(one.get("value"))
        met = "" if times is None else f"   met {count(whole(times), 'time')}"
        screen.line(
            f"{text(one.get('name'))}: {value} {text(one.get('unit'))}{met}", "bad" if times else "title"
        )
        screen.line(f"At it: {text(one.get('then'))}. Why: {text(one.get('reason'))}.", indent=4)


def _amount(value: object) -> str:
    amount = number(value)
    return f"{amount:,.0f}" if amount == int(amount) else f"{amount:,}"


@click.command("doctor", cls=Command)
@pass_asked
def doctor_command(asked: Asked) -> None:
    """Look for faults, and say what to do about them."""
    try:
        with asked.session() as session:
            answer = session.call("doctor")
    except Problem as problem:
        answer = _examine_closed(asked, problem)
    asked.screen.value(answer)
    checks = records(answer.get("checks"))
    for check in checks:
        is_well = bool(check.get("ok"))
        asked.screen.line(
            f"{'ok   ' if is_well else 'look '} {text(check.get('title'))}", "" if is_well else "bad"
        )
        if check.get("next"):
            asked.screen.line(f"Next: {text(check['next'])}", "next", indent=6)
    if any(not check.get("ok") and check.get("name") not in REMINDERS for check in checks):
        asked.status = 1


@click.command("budget", cls=Command)
@click.argument("gib", type=click.IntRange(min=1))
@pass_asked
def budget_command(asked: Asked, gib: int) -> None:
    """Give the library GIB gibibytes of your disk; what does not fit is let go, the furthest people first."""
    with asked.session() as session:
        answer = session.call("budget", {"gib": gib})
    asked.screen.value(answer)
    for line in kept_lines(answer):
        asked.screen.line(line)


def kept_lines(kept: object) -> list[str]:
    """How much room there is, and what was let go for it."""
    kept = record(kept)
    room = f"{size(whole(kept.get('used_bytes')))} of {size(whole(kept.get('budget_bytes')))}"
    groups = [
        ("near", "older messages of {} whom you follow"),
        ("further", "older messages of {} further away"),
        ("outside", "messages of {} whom nobody here follows"),
    ]
    lines = []
    for name, words in groups:
        gone = record(kept.get(name))
        if people := whole(gone.get("people")):
            whose = words.format(count(people, "person", "people"))
            lines.append(f"Let go       {whole(gone.get('messages')):,} {whose}")
    if replaced := whole(kept.get("replaced")):
        lines.append(f"Let go       the texts of {count(replaced, 'replaced version')}")
    if lines:
        lines.append("             More room brings them back: hedgerow budget GIB")
    return [f"Room         {room}", *lines]


def _examine_closed(asked: Asked, problem: Problem) -> Json:
    from hedgerow_node.clock import Clock
    from hedgerow_node.commands.health import examine_closed

    return examine_closed(asked.home, Clock(), problem)


def _door_lines(answer: Json) -> list[str]:
    """Who waits, and who is not carried."""
    waiting, left_out = whole(answer.get("waiting")), whole(record(answer.get("reach")).get("left_out"))
    lines = []
    if waiting:
        lines.append(f"Waiting      {count(waiting, 'person', 'people')} to be heard: hedgerow waiting")
    if left_out:
        lines.append(f"Not carried  {count(left_out, 'person', 'people')} further away: hedgerow reach")
    return lines


def _show_status(screen: Screen, answer: Json, running: Running | None) -> None:
    name = text(answer.get("name"))
    screen.line(f"You          {name + '   ' if name else ''}{text(answer.get('did'))}", "title")
    screen.line(f"Library      {text(answer.get('home'))}   {size(whole(answer.get('database_bytes')))}")
    screen.line(
        f"Here         {count(whole(answer.get('people')), 'person', 'people')}, "
        f"{count(whole(answer.get('resources')), 'link')}, {count(whole(answer.get('messages')), 'message')} "
        f"({whole(answer.get('own_messages')):,} yours)"
    )
    if waiting := whole(answer.get("not_yet_searchable")):
        screen.line(f"Searchable   soon: {count(waiting, 'more message')} that just came")
    for line in [*kept_lines(answer.get("kept")), *_door_lines(answer)]:
        screen.line(line)
    screen.line("Page         " + (running.url if running is not None else "not running: hedgerow run"))
    links = records(answer.get("links"))
    screen.line("Connected    " + (count(len(links), "node") if links else "to nobody"))
    for link in links:
        screen.line(f"{link_words(link)}: {text(link.get('did'))}", indent=13)
    for notice in records(answer.get("notices")):
        screen.line(text(notice.get("title")), "bad")
        screen.line(f"Next: {text(notice.get('next'))}", "next", indent=2)
