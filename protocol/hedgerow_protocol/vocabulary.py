"""The numbers that stand for words: of kinds, relations, claims and the like (specs/05-kinds.md)."""

from enum import IntEnum


class Kind(IntEnum):
    """The numbers of the kinds that are known here."""

    IDENTITY = 0
    RETRACT = 1
    PROFILE = 2
    FOLLOW = 3
    RESOURCE = 4
    ENDORSE = 5
    CONNECT = 6
    TRAIL = 7
    COMMENT = 8
    ATTEST = 9
    LABEL = 10
    INTRODUCE = 11
    VOUCH = 12
    RECEIPT = 13


class Stance(IntEnum):
    """How an endorsement stands to its thing; an unknown number is carried without effect."""

    FOR = 0
    AGAINST = 1
    LIMITS = 2


class Relation(IntEnum):
    """How one thing leads to another; an unknown number is carried without effect."""

    NEEDS_FIRST = 0
    LEADS_TO = 1
    EXPLAINS = 2
    EXAMPLE_OF = 3
    PRACTICE_FOR = 4
    PART_OF = 5
    SAME_AS = 6
    NEWER_VERSION = 7
    TRANSLATION_OF = 8
    SUPPORTS = 9
    OPPOSES = 10
    LIMITS = 11
    RELATED = 12


class Role(IntEnum):
    """What a comment is; an unknown number is carried without effect."""

    COMMENT = 0
    QUESTION = 1
    ANSWER = 2
    REFLECTION = 3


class Claim(IntEnum):
    """What an attestation says of its thing; an unknown number is carried without effect."""

    OPENS = 0
    WORKS_OFFLINE = 1
    CAPTIONS = 2
    SIZE = 3
    ACCOUNT_NEEDED = 4
    STILL_RIGHT = 5
    SUPERSEDED_BY = 6


class Reference(IntEnum):
    """How a message refers to another; an unknown number is carried without effect."""

    REPLY_TO = 0
    RESTS_ON = 1


class Withdrawal(IntEnum):
    """Why something was retracted; an unknown number is carried without effect."""

    UNSAID = 0
    MISTAKE = 1
    OUTDATED = 2
    PRIVATE = 3
    RIGHTS = 4
