"""What hypothesis draws for the tests of the bytes: canonical values, near-misses, spoiled encodings."""

from collections.abc import Callable

import msgpack
from hypothesis import strategies as st

from hedgerow_protocol.errors import RemoteProtocolError

CONTROLS = "".join(map(chr, [*range(0x09), *range(0x0B, 0x20), *range(0x7F, 0xA0)]))

unicode_texts = st.text(st.characters(codec="utf-8"), max_size=40)
texts = st.text(st.characters(codec="utf-8", exclude_characters=CONTROLS), max_size=40)
lines = st.text(st.characters(codec="utf-8", exclude_characters=CONTROLS + "\t\n"), max_size=16)
keys = st.binary(min_size=32, max_size=32)
uints = st.integers(0, 2**53 - 1) | st.sampled_from(
    [0, 1, 127, 128, 255, 256, 65_535, 65_536, 2**32 - 1, 2**32, 2**53 - 1]
)
leaves = st.none() | st.booleans() | uints | st.binary(max_size=70) | keys | texts


def values(depth: int) -> st.SearchStrategy[object]:
    """Values that the encoding allows, arrays as tuples, nested at most `depth` deep."""
    if depth == 0:
        return leaves
    return leaves | st.lists(values(depth - 1), max_size=4).map(tuple)


forbidden = (
    st.integers(-(2**63), -1)
    | st.integers(2**53, 2**64 - 1)
    | st.floats()
    | st.dictionaries(st.integers(0, 3), st.none(), max_size=2)
    | unicode_texts
    | st.builds(msgpack.ExtType, st.integers(0, 127), st.binary(max_size=9))
    | st.just(msgpack.Timestamp(1, 1))
)
anything = values(2) | forbidden


@st.composite
def spoiled(draw: st.DrawFn, tree: object) -> object:
    """`tree` with one place replaced, removed or doubled; what it becomes need not be allowed."""
    if not isinstance(tree, list | tuple) or not tree or draw(st.integers(0, 3)) == 0:
        return draw(anything)
    items = list(tree)
    place = draw(st.integers(0, len(items) - 1))
    match draw(st.sampled_from(("descend", "descend", "remove", "double"))):
        case "remove":
            del items[place]
        case "double":
            items.insert(place, items[place])
        case _:
            items[place] = draw(spoiled(items[place]))
    return items


@st.composite
def scratched(draw: st.DrawFn, data: bytes) -> bytes:
    """`data` with some bytes changed, cut out, put in or cut off."""
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 3)))
        data = data[:start] + draw(st.binary(max_size=3)) + data[end:]
    return data


def packed(tree: object) -> bytes:
    """What the library makes of `tree`, allowed or not."""
    return msgpack.packb(tree, use_bin_type=True)


def near(trees: st.SearchStrategy[object]) -> st.SearchStrategy[bytes]:
    """Encodings of these trees, of trees close to them, and bytes close to either."""
    close = (trees | trees.flatmap(spoiled)).map(packed)
    return close | close.flatmap(scratched) | st.binary(max_size=80)


def refuses(decode: Callable[[], object]) -> bool:
    """Whether `decode` raises `RemoteProtocolError`; every other exception goes through."""
    try:
        decode()
    except RemoteProtocolError:
        return True
    return False
