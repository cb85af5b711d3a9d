"""Seeing what a node's links say without changing what they do: the frames of the one `Peer` of a process.

    python -m bench.watching FILE ARGUMENTS OF HEDGEROW

runs the product and appends a line of JSON to FILE for each frame that begins or ends something, and for each time
that messages became durable. Times are of the monotonic clock, which all processes of a computer share.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from hedgerow_protocol import peer
from hedgerow_protocol.frame import Frame, NegClose, NegDiffers, NegErr, NegMsg, NegOpen, NegSame, Range

OnFrame = Callable[[Frame, int, bool], None]
"""Takes a frame, its bytes before encryption, and whether this process sent it."""
TELLING = (NegOpen, NegSame, NegDiffers, NegMsg, NegClose, NegErr, Range)


def watch_frames(on_frame: OnFrame) -> None:
    """From now on tell `on_frame` of every frame on every link of this process."""
    decode, encode = peer.decode_frame, peer.encode_frame

    def decoded(packed: bytes) -> Frame | None:
        frame = decode(packed)
        if frame is not None:
            on_frame(frame, len(packed), False)
        return frame

    def encoded(frame: Frame) -> bytes:
        packed = encode(frame)
        on_frame(frame, len(packed), True)
        return packed

    peer.decode_frame, peer.encode_frame = decoded, encoded


def watch_storing(on_stored: Callable[[int], None]) -> None:
    """From now on tell how many new messages became durable, whenever the driver says so to the peer."""
    stored = peer.Peer.on_stored

    def told(self, now, token, new, **more):
        on_stored(len(new))
        return stored(self, now, token, new, **more)

    peer.Peer.on_stored = told


def main() -> None:
    """Run the product, watched."""
    from hedgerow_node.cli import main as hedgerow

    file = Path(sys.argv[1]).open("a", buffering=1)  # noqa: SIM115 - open as long as the process lives

    def note(**what: object) -> None:
        file.write(json.dumps({"at": time.monotonic(), **what}) + "\n")

    def on_frame(frame: Frame, size: int, is_sent: bool) -> None:
        if isinstance(frame, TELLING):
            tier, count = getattr(frame, "tier", None), getattr(frame, "count", None)
            note(frame=type(frame).__name__, size=size, sent=is_sent, tier=tier, count=count)

    watch_frames(on_frame)
    watch_storing(lambda count: note(stored=count))
    del sys.argv[1]
    hedgerow()


if __name__ == "__main__":
    main()
