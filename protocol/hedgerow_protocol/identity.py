"""Identity: which devices speak for which author, by the log entries held (specs/01-identity.md).

Every entry whose signature was verified is learned, in any order; what they say together is worked out when it is
first asked for (`log_branches`). Nothing depends on when an entry came, and one that says nothing now may later.

Anybody can sign an entry in another's name. Those whose signer no entry names are strangers: a few of all authors
together are remembered, for the entry that names the signer may come after them. What is learned has to be kept, or
this would count entries that nobody else can get from here.
"""

from collections.abc import Iterable, Mapping

from hedgerow_protocol import limits
from hedgerow_protocol.keys import AuthorKey, DeviceKey, commitment
from hedgerow_protocol.kinds import Kind
from hedgerow_protocol.log_branches import Branch, Log, Signed, SignedLater, branch_at, read_log
from hedgerow_protocol.log_entry import Capability, Cut, LogEntry, Operation, decode_entry
from hedgerow_protocol.message import Header, Message, MessageId

PUBLISH = int(Capability.PUBLISH)
"""An operation on flags takes ten times as long as one on integers, and this one is made for each message."""
NOTHING: Log = Log()
NO_DEVICES: Mapping[DeviceKey, int] = {}


class Identities:
    """The logs of all authors, learned from messages of kind 0 whose signatures were verified."""

    def __init__(self) -> None:
        self._held: dict[AuthorKey, dict[MessageId, Signed | SignedLater]] = {}
        self._logs: dict[AuthorKey, Log] = {}
        self._devices: dict[AuthorKey, dict[DeviceKey, int]] = {}
        """What all open branches together let each device do; only for logs that were read."""
        self._signers: dict[AuthorKey, set[bytes]] = {}
        """The roots that openings name, and the commitments to recovery keys."""
        self._strangers: dict[MessageId, Message] = {}

    def learn(self, message: Message) -> list[Message]:
        """Take a verified message of kind 0; what is now of its author's log and was not known, all to be kept.

        That is this entry, and strangers that came before if it names their signers; nothing if it is a stranger.
        Raises `RemoteProtocolError` when its body breaks the schema.
        """
        signed = _signed(message)
        author = message.header.author
        if message.id in self._held.get(author, ()):
            return []
        if not self._is_of_log(author, signed):
            self._remember_stranger(message)
            return []
        learned = [message, *self._take(author, signed)]
        if len(self._held[author]) > limits.MAX_ENTRIES_HELD:
            self._forget_some(author)
        return learned

    def _is_of_log(self, author: AuthorKey, signed: Signed | SignedLater) -> bool:
        signers = self._signers.get(author, set())
        if signed.entry.operation == Operation.INCEPTION:
            return True
        return signed.signer in signers or commitment(signed.signer) in signers

    def _take(self, author: AuthorKey, signed: Signed | SignedLater) -> list[Message]:
        """Hold this entry; the strangers that it lets in."""
        self._held.setdefault(author, {})[signed.id] = signed
        self._logs.pop(author, None)
        self._devices.pop(author, None)
        if not isinstance(signed, Signed) or signed.entry.operation == Operation.UPDATE:
            return []
        following = signed.entry.next
        self._signers.setdefault(author, set()).update(
            {signed.entry.root} if following is None else {signed.entry.root, following}
        )
        return self._recognise(author)

    def _recognise(self, author: AuthorKey) -> list[Message]:
        """Take what was signed by keys that are no strangers any more."""
        recognised: list[Message] = []
        for one in [one for one in self._strangers.values() if one.header.author == author]:
            if one.id in self._strangers and self._is_of_log(author, signed := _signed(one)):
                del self._strangers[one.id]
                recognised += [one, *self._take(author, signed)]
        return recognised

    def _remember_stranger(self, message: Message) -> None:
        self._strangers[message.id] = message
        if len(self._strangers) > limits.MAX_STRANGERS:
            del self._strangers[next(iter(self._strangers))]

    def _forget_some(self, author: AuthorKey) -> None:
        # Of what has no effect, half: what is needed after all comes again with the next comparison.
        counted = self.log(author).counted
        held = self._held[author]
        aside = [one for one in held if one not in counted]
        for one in aside[: (len(aside) + 1) // 2]:
            del held[one]

    def log(self, author: AuthorKey) -> Log:
        """What the entries of this author say."""
        log = self._logs.get(author)
        if log is None:
            held = self._held.get(author)
            if held is None:
                return NOTHING
            log = self._logs[author] = read_log(author, held.values())
        return log

    def branch_at(self, author: AuthorKey, entry: MessageId) -> Branch | None:
        """What holds after an entry of this author that is held with its chain, on a branch now or not."""
        return branch_at(author, self._held.get(author, {}).values(), entry)

    def aside(self, author: AuthorKey) -> list[MessageId]:
        """Entries of this author that are held and do not belong to his log now, in the order they came."""
        counted = self.log(author).counted
        return [one for one in self._held.get(author, ()) if one not in counted]

    def is_known(self, author: AuthorKey) -> bool:
        """Whether an inception of this author is held."""
        return self.log(author).is_known

    def has_history(self, author: AuthorKey) -> bool:
        """Whether more than one entry of this author is held: only then may a message that came before be out."""
        return len(self._held.get(author, ())) > 1

    def is_contested(self, author: AuthorKey) -> bool:
        """Whether the log of this author has more than one open branch."""
        return self.log(author).is_contested

    def has_left(self, author: AuthorKey) -> bool:
        """Whether all branches are closed, or are too many: nothing but the log is in the sets any more."""
        return self.log(author).has_left

    def is_authorised(self, message: Message) -> bool:
        """Whether it is an entry that belongs to the log, or its device may publish; what cuts reach is not asked."""
        if message.header.kind == Kind.IDENTITY:
            return message.id in self.log(message.header.author).counted
        return self.is_live(message.header)

    def by_no_live_device(self, messages: Iterable[Message]) -> list[Message]:
        """Those of these that are entries, or that no live device signed: usually none, at a quick look."""
        known = self._devices
        unsure = [
            one
            for one in messages
            if not (
                one.header.kind
                and known.get(one.header.author, NO_DEVICES).get(one.header.device, 0) & PUBLISH
            )
        ]
        return [one for one in unsure if one.header.kind == Kind.IDENTITY or not self.is_live(one.header)]

    def is_doubtful(self, message: Message) -> bool:
        """Whether the log of its author is held and does not authorise this message, so that only a cut may."""
        return not self.is_authorised(message) and self.is_known(message.header.author)

    def may_count(self, message: Message) -> bool:
        """Whether a doubtful message may still come to be authorised: its key is one of the log, or cut off."""
        author = message.header.author
        if message.header.kind == Kind.IDENTITY:
            return message.id in self._held.get(author, ())
        return bool(self.log(author).cuts_of(message.header.device))

    def is_live(self, header: Header) -> bool:
        """Whether the logs held let this device publish for its author, whatever else it says."""
        devices = self._devices.get(header.author)
        if devices is None:
            devices = self._read_devices(header.author)
        return bool(devices.get(header.device, 0) & PUBLISH)

    def _read_devices(self, author: AuthorKey) -> dict[DeviceKey, int]:
        log = self.log(author)
        devices = log.devices()
        if log.is_known:  # else whoever sends messages of unheard authors fills the memory
            self._devices[author] = devices
        return devices

    def devices_of(self, author: AuthorKey) -> Iterable[DeviceKey]:
        """The live devices of this author, on whatever open branch."""
        devices = self._devices.get(author)
        return (self._read_devices(author) if devices is None else devices).keys()

    def chains_of(self, author: AuthorKey) -> list[DeviceKey]:
        """Every device that the log of this author names, live or removed, in order."""
        named = {device for branch in self.log(author).branches for device in (*branch.devices, *branch.cuts)}
        return sorted(named)

    def cuts_of(self, author: AuthorKey, device: DeviceKey) -> tuple[Cut, ...]:
        """How far a device that may not publish any more counts, by each open branch that lets it count at all."""
        return self.log(author).cuts_of(device)


def _signed(message: Message) -> Signed | SignedLater:
    entry, header = decode_entry(message), message.header
    if isinstance(entry, LogEntry) and entry.operation in set(Operation):
        return Signed(message.id, header.device, header.seq, entry)
    return SignedLater(message.id, header.device, entry)
