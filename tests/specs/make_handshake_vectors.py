"""Makes the vectors of specs/06-handshake.md, without the code that they test.

The Noise messages come from the library `noiseprotocol`, hellos from msgpack itself, signatures and the channel's
ciphers from the primitives of `cryptography`. The result depends on nothing but these files. From the root:

    python tests/specs/make_handshake_vectors.py
"""

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a program, this file does not see its own package

from specs.handshake_vectors.channel import channel_cases
from specs.handshake_vectors.handshake import handshake_cases
from specs.handshake_vectors.material import Json
from specs.handshake_vectors.noise import noise_cases

FOLDER = Path(__file__).parents[2] / "specs" / "vectors" / "06-handshake"
KEYS = ("prologue", "init_static", "init_ephemeral", "resp_static", "resp_ephemeral")
NOISE = (*KEYS, "rekey_before", "payloads", "side", "incoming")
SIDE = ("side", "net", "offered", "chosen", "now", "static", "ephemeral", "hello", "expected_device")
HANDSHAKE = (*SIDE, "incoming", "pad_last_incoming_to", "sent.frame", "received.message")
CHANNEL = ("key", "skip", "plaintexts")


def vectors() -> dict[str, str]:
    """The text of each file, by its name."""
    return {
        "noise-xx.json": text_of(NOISE, noise_cases()),
        "handshake.json": text_of(HANDSHAKE, handshake_cases()),
        "channel.json": text_of(CHANNEL, channel_cases()),
    }


def text_of(inputs: Sequence[str], cases: Iterable[Json]) -> str:
    """One case a line, so that a change shows as a change of that case."""
    lines = ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases)
    return f'{{"spec": "06-handshake", "inputs": {json.dumps(inputs)}, "cases": [\n{lines}\n]}}\n'


def main() -> None:
    """Write the files into `specs/vectors`."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in vectors().items():
        (FOLDER / name).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
