"""edwards25519 in affine coordinates: slow, secret-free arithmetic that makes hostile points and signatures.

Written from RFC 8032, section 5.1, apart from the code under test. A point is a pair (x, y) modulo `P`.
"""

import hashlib
from typing import TypeAlias

Point: TypeAlias = tuple[int, int]

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
NEUTRAL: Point = (0, 1)


def add(a: Point, b: Point) -> Point:
    """The sum of two points."""
    (x1, y1), (x2, y2) = a, b
    product = D * x1 * x2 * y1 * y2
    x3 = (x1 * y2 + x2 * y1) * pow(1 + product, -1, P)
    y3 = (y1 * y2 + x1 * x2) * pow(1 - product, -1, P)
    return x3 % P, y3 % P


def multiply(factor: int, point: Point) -> Point:
    """`factor` times `point`, for a factor of 0 or more."""
    total = NEUTRAL
    while factor:
        if factor & 1:
            total = add(total, point)
        point = add(point, point)
        factor >>= 1
    return total


def x_of(y: int) -> int | None:
    """The even x beside `y`, or None where the curve has no such point."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * ROOT_OF_MINUS_ONE % P
    if x * x % P != square:
        return None
    return P - x if x % 2 else x


def encode(point: Point) -> bytes:
    """The canonical 32 bytes of `point`."""
    x, y = point
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE: Point = (x_of(4 * pow(5, -1, P) % P) or 0, 4 * pow(5, -1, P) % P)


def torsion() -> list[Point]:
    """The eight points whose order divides 8, as multiples of one of order 8."""
    for y in range(2, P):
        x = x_of(y)
        if x is not None:
            generator = multiply(L, (x, y))
            if multiply(4, generator) != NEUTRAL:
                return [multiply(times, generator) for times in range(8)]
    raise AssertionError("the curve has points of order 8")


def encodings(point: Point) -> list[bytes]:
    """Every 32 bytes that a lenient decoder takes for `point`: unreduced y, and either sign of x = 0."""
    x, y = point
    signs = (0, 1) if x == 0 else (x & 1,)
    return [
        (form | sign << 255).to_bytes(32, "little") for form in (y, y + P) if form < 2**255 for sign in signs
    ]


def secret_scalar(seed: bytes) -> int:
    """The clamped scalar of a 32-byte private seed."""
    low = int.from_bytes(hashlib.sha512(seed).digest()[:32], "little")
    return low & (2**254 - 8) | 2**254


def challenge(r: bytes, key: bytes, message: bytes) -> int:
    """k of the equation [S]B = R + [k]A."""
    return int.from_bytes(hashlib.sha512(r + key + message).digest(), "little") % L


def sign_with(scalar: int, key: bytes, r: bytes, r_scalar: int, message: bytes) -> bytes:
    """A signature for a key and an R of any kind: S = `r_scalar` + k * `scalar`."""
    s = (r_scalar + challenge(r, key, message) * scalar) % L
    return r + s.to_bytes(32, "little")
