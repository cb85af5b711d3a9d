"""All checks on one node, one after the other, and what came out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hedgerow_node.clock import Clock
from hedgerow_node.conformance.live import (
    channel_checks,
    handshake_checks,
    log_checks,
    member_checks,
    session_checks,
)
from hedgerow_node.conformance.live.calling import Target, peer_address_of
from hedgerow_node.conformance.live.check import Broken, Check, Ended, S
from hedgerow_node.conformance.live.joined import joined
from hedgerow_node.conformance.live.judged import Judged
from hedgerow_node.conformance.live.judged_messages import JUDGED, judge_messages
from hedgerow_node.conformance.report import Failure, LeftOut, Report
from hedgerow_node.problems import Problem
from hedgerow_protocol.errors import RemoteProtocolError
from hedgerow_protocol.invite import SignedInvite
from hedgerow_protocol.message import MAIN_NET

STRANGERS = [*handshake_checks.rule.all, *channel_checks.rule.all, *session_checks.rule.all]
"""What anyone may try; the first of them opens a link, without which no other makes sense."""
LIVE = [check for check in member_checks.rule.all if check.rule == "SY-17"]
"""What is about passing on live comes first: soon this author has said more than an hour lets in live (AD-3)."""
MEMBERS = [*LIVE, *log_checks.rule.all, *(check for check in member_checks.rule.all if check not in LIVE)]
"""What only an author sees whom the node carries."""
NO_LINK = "no link comes about"
NO_INVITE = "it takes an author whom the node carries: --invite INVITE"
OnProgress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Wish:
    """Which node is judged, and how."""

    address: str
    invite: SignedInvite | None = None


async def judge_node(wish: Wish, clock: Clock, on_progress: OnProgress) -> Report:
    """Try every check; raises `Problem` where nobody answers at all."""
    net = wish.invite.invite.net if wish.invite is not None else MAIN_NET
    target = Target(peer_address_of(wish.address), clock, net)
    try:
        return await _Judging(target, on_progress).judge(wish.invite)
    finally:
        await target.close()


class _Judging:
    def __init__(self, target: Target, on_progress: OnProgress) -> None:
        self._target = target
        self._on_progress = on_progress
        self._done = 0
        self._report = Report()

    async def judge(self, invite: SignedInvite | None) -> Report:
        """The report of all checks."""
        async with self._target.line():  # so that nobody there is a problem and not a broken rule
            pass
        await self._try_all(STRANGERS[:1], self._target)
        if self._report.failed:
            self._leave_out(STRANGERS[1:], NO_LINK)
            self._leave_out_members(NO_LINK)
            return self._report
        await self._try_all(STRANGERS[1:], self._target)
        if invite is None:
            self._leave_out_members(NO_INVITE)
        else:
            await self._judge_as_member(invite)
        return self._report

    async def _judge_as_member(self, invite: SignedInvite) -> None:
        try:
            async with joined(self._target, invite) as member:
                await self._try_all(LIVE, member)
                for judged in await judge_messages(member):
                    self._take(judged)
                await self._try_all(MEMBERS[len(LIVE) :], member)
        except (Broken, Ended) as error:
            rule = getattr(error, "rule", None) or "FR-17"
            self._take(Failure(rule, "who accepts an invite is carried", str(error)))

    async def _try_all(self, checks: Sequence[Check[S]], subject: S) -> None:
        for check in checks:
            self._take(await _outcome(check, subject))

    def _take(self, failure: Failure | None) -> None:
        self._done += 1
        self._on_progress(self._done, len(STRANGERS) + len(JUDGED) + len(MEMBERS))
        if failure is None:
            self._report.passed += 1
        else:
            self._report.failed.append(failure)

    def _leave_out_members(self, why: str) -> None:
        self._leave_out(JUDGED, why)
        self._leave_out(MEMBERS, why)

    def _leave_out(self, checks: Sequence[Check[S]] | Sequence[Judged], why: str) -> None:
        self._report.left_out += [LeftOut(check.rule, check.claim, why) for check in checks]


async def _outcome(check: Check[S], subject: S) -> Failure | None:
    try:
        await check.run(subject)
    except Broken as broken:
        return Failure(broken.rule or check.rule, check.claim, broken.detail)
    except (Ended, Problem, RemoteProtocolError) as error:
        return Failure(check.rule, check.claim, str(error))
    return None
