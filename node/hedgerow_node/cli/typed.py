"""Secrets that somebody types, unseen."""

import sys

import click

from hedgerow_node.problems import Code, Problem


def typed(words: str, *, twice: bool = False, next_step: str | None = None) -> str:
    """A secret that somebody types unseen; raises `Problem` where nobody can."""
    if not sys.stdin.isatty():
        raise Problem(Code.NOBODY_TYPES, next_step=next_step)
    given: str = click.prompt(words, hide_input=True, confirmation_prompt=twice, err=True)
    return given


def ask_passphrase(problem: Problem) -> str:
    """The passphrase of the keys, from whoever sits there; raises `problem` where nobody does."""
    if not sys.stdin.isatty():
        raise problem
    words: str = click.prompt("Passphrase of your keys", hide_input=True, err=True)
    return words
