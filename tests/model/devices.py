"""Live and removed devices of a branch: ID-23."""

from dataclasses import dataclass, field

from model.belonging import Branch
from model.clauses import Spec
from model.held import INCEPTION, ROTATE, Cut, Entry


@dataclass
class Devices:
    """The devices at some entry of a branch."""

    author: bytes
    spec: Spec
    keys: set[bytes] = field(default_factory=set)
    """Signers and roots of openings, and the author: never devices."""
    live: dict[bytes, int] = field(default_factory=dict)
    """Capabilities by device."""
    cuts: dict[bytes, Cut] = field(default_factory=dict)
    """Of the removed devices."""

    def pass_over(self, entry: Entry) -> None:
        """ID-23: what an entry changes."""
        if entry.op in (INCEPTION, ROTATE):
            self._open(entry)
        for device, cut in entry.removals:
            self._remove(device, cut)
        is_in_order = self.spec.says("ID-23 in the order in which they stand")
        for device, capabilities in entry.devices[:: 1 if is_in_order else -1]:
            self._add(device, capabilities)

    def _open(self, opening: Entry) -> None:
        is_barring = opening.op == INCEPTION or self.spec.says("ID-23 keys of later openings")
        if is_barring and self.spec.says("ID-23 keys are no devices"):
            self.keys |= {self.author, opening.signer, opening.root}
        for key in self.keys:
            self.live.pop(key, None)
            self.cuts.pop(key, None)
        named = {device for device, _ in opening.devices}
        for device in [one for one in self.live if one not in named]:
            if self.spec.says("ID-23 an opening ends lives"):
                del self.live[device]
                if self.spec.says("ID-23 a forgotten device is removed"):
                    self.cuts[device] = ()

    def _remove(self, device: bytes, cut: Cut) -> None:
        is_known = device in self.live or device in self.cuts
        is_wanted = is_known or self.spec.says("ID-23 a device that was never live")
        is_first = device not in self.cuts
        if device in self.keys or not is_wanted:
            return
        self.live.pop(device, None)
        if is_first or self.spec.says("ID-23 the last cut decides"):
            self.cuts[device] = cut

    def _add(self, device: bytes, capabilities: int) -> None:
        is_removed = device in self.cuts and self.spec.says("ID-23 never live again")
        if device in self.live and not self.spec.says("ID-23 capabilities never change"):
            self.live[device] = capabilities
        if device in self.live or is_removed or device in self.keys:
            return
        if len(self.live) < self.spec.limit("MAX_DEVICES") or not self.spec.says("ID-23 MAX_DEVICES"):
            self.cuts.pop(device, None)
            self.live[device] = capabilities


def devices(branch: Branch, author: bytes, spec: Spec) -> Devices:
    """Those at the end of a branch."""
    found = Devices(author, spec)
    for entry in branch.entries:
        found.pass_over(entry)
    return found
