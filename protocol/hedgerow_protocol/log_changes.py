"""Making the entries of one's own identity log: inception, update, rotate, close (specs/01-identity.md).

Each maker says what is to hold afterwards, makes the entry, and looks whether a reader of the log would see just that;
else it raises `LocalProtocolError` and nothing was signed that could be sent. Entropy and keys come from the caller.
"""

from collections.abc import Iterable, Mapping, Sequence

from hedgerow_protocol import codec, keys
from hedgerow_protocol.errors import LocalProtocolError, RemoteProtocolError
from hedgerow_protocol.keys import AuthorKey, DeviceKey
from hedgerow_protocol.kinds import Kind
from hedgerow_protocol.log_branches import Branch, Devices
from hedgerow_protocol.log_entry import NO_ROOT, Cut, DeviceGrant, LogEntry, Operation, decode_entry
from hedgerow_protocol.message import FIRST, MAIN_NET, ChainPlace, Message, sign_message

NOBODY: Mapping[DeviceKey, Cut] = {}


def make_inception(
    *,
    genesis_seed: bytes,
    root: bytes,
    device: DeviceKey,
    recovery: bytes,
    nonce: bytes,
    ts: int,
    net: int = MAIN_NET,
) -> Message:
    """The first message of a new identity; the caller then destroys the genesis seed.

    `root` and `recovery` are public keys: the online root, and recovery key 1.
    """
    entry = LogEntry(
        Operation.INCEPTION, 0, None, root, keys.commitment(recovery), devices=(DeviceGrant(device),)
    )
    author = AuthorKey(keys.public_key(genesis_seed))
    return _sign(genesis_seed, author, FIRST, entry, nonce, ts, net)


def make_update(
    branch: Branch,
    *,
    root_seed: bytes,
    added: Iterable[DeviceGrant] = (),
    removed: Mapping[DeviceKey, Cut] = NOBODY,
    nonce: bytes,
    ts: int,
    net: int = MAIN_NET,
) -> Message:
    """The entry that adds devices to a branch and removes others, each with the cut up to which it counts."""
    if keys.public_key(root_seed) != branch.root:
        raise LocalProtocolError("this is not the root of the branch")
    entry = LogEntry(
        Operation.UPDATE,
        branch.index + 1,
        branch.head,
        branch.root,
        branch.next,
        *_lists(added, removed),
    )
    _check_effect(branch, DeviceKey(branch.root), entry)
    return _sign(root_seed, branch.author, branch.root_place, entry, nonce, ts, net)


def make_rotate(
    branch: Branch,
    *,
    recovery_seed: bytes,
    root: bytes,
    recovery: bytes,
    devices: Iterable[DeviceGrant],
    removed: Mapping[DeviceKey, Cut] = NOBODY,
    nonce: bytes,
    ts: int,
    net: int = MAIN_NET,
) -> Message:
    """The entry by which the recovery key that the branch commits to takes it over; then its seed is destroyed.

    `root` is the public key of a fresh online root, `recovery` that of the next recovery key. Each live device stands
    in `devices`, and stays, or in `removed` with its cut. A branch of `Identities.branch_at` leaves out what was
    said after its head.
    """
    entry = LogEntry(
        Operation.ROTATE,
        branch.index + 1,
        branch.head,
        root,
        keys.commitment(recovery),
        *_lists(devices, removed),
    )
    signer = _check_recovery(branch, recovery_seed)
    named = {grant.device for grant in entry.devices} | removed.keys()
    if forgotten := branch.devices.keys() - named:
        raise LocalProtocolError(f"{len(forgotten)} live devices are neither kept nor removed")
    if root in branch.barred or root in branch.devices or root in branch.cuts:
        raise LocalProtocolError("the root is not fresh")
    _check_effect(branch, signer, entry)
    return _sign(recovery_seed, branch.author, FIRST, entry, nonce, ts, net)


def make_close(
    branch: Branch, *, recovery_seed: bytes, nonce: bytes, ts: int, net: int = MAIN_NET
) -> Message:
    """The entry that ends a branch; when every branch is closed, all that the author said leaves the sets."""
    entry = LogEntry(Operation.ROTATE, branch.index + 1, branch.head, NO_ROOT, None, ())
    _check_recovery(branch, recovery_seed)
    return _sign(recovery_seed, branch.author, FIRST, entry, nonce, ts, net)


def _lists(
    devices: Iterable[DeviceGrant], removed: Mapping[DeviceKey, Cut]
) -> tuple[tuple[DeviceGrant, ...], tuple[tuple[DeviceKey, Cut], ...]]:
    return tuple(sorted(devices, key=lambda grant: grant.device)), tuple(sorted(removed.items()))


def _check_recovery(branch: Branch, recovery_seed: bytes) -> DeviceKey:
    signer = keys.public_key(recovery_seed)
    if keys.commitment(signer) != branch.next:
        raise LocalProtocolError("the branch does not commit to this recovery key")
    return DeviceKey(signer)


def _check_effect(branch: Branch, signer: DeviceKey, entry: LogEntry) -> None:
    """What a reader of the log makes of the entry must be what it says."""
    after = Devices(set(branch.barred), dict(branch.devices), dict(branch.cuts))
    after.take(signer, entry)
    if any(after.live.get(grant.device) != grant.capabilities for grant in entry.devices):
        raise LocalProtocolError("a device was removed before, has other capabilities, or is one too many")
    if any(after.cuts.get(device) != cut for device, cut in entry.removals):
        raise LocalProtocolError("a root or recovery key cannot be removed like a device")


def _sign(
    seed: bytes, author: AuthorKey, place: ChainPlace, entry: LogEntry, nonce: bytes, ts: int, net: int
) -> Message:
    message = sign_message(
        seed=seed,
        author=author,
        place=place,
        kind=Kind.IDENTITY,
        ts=ts,
        body=codec.encode([nonce, [], [], *_content(entry)]),
        net=net,
    )
    try:
        decode_entry(message)
    except RemoteProtocolError as error:
        raise LocalProtocolError(str(error)) from None
    return message


def _content(entry: LogEntry) -> Sequence[object]:
    return [
        entry.operation,
        entry.index,
        entry.previous,
        entry.root,
        entry.next,
        [[grant.device, grant.capabilities] for grant in entry.devices],
        entry.removals,
    ]
