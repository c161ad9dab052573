"""Command lines in files and documents: whether `atende` accepts them."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from cli.main import app

_Mistaken = typer.BadParameter.__base__


def refusal(words: Sequence[str]) -> str:
    """The error of the command line for these words after `atende`, "" if there is none; nothing is run."""
    command = typer.main.get_command(app)
    parent, rest = None, list(words)
    try:
        while True:
            context = command.make_context(command.name, rest, parent=parent)
            if not hasattr(command, "resolve_command"):
                return ""
            rest = [*context._protected_args, *context.args]
            if not rest and command.invoke_without_command:
                return ""
            _, command, rest = command.resolve_command(context, rest)
            parent = context
    except _Mistaken as mistake:
        return mistake.format_message()
