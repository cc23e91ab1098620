"""Secrets that an MCP server was given, kept out of what is said about it and of what it answers."""

import json
import re
from collections.abc import Mapping

from skillctl.domain.checks.produced import shown
from skillctl.domain.runner import Server

_NAME = re.compile(r"KEY|TOKEN|SECRET|PASS|CREDENTIAL")
#: Characters; what is shorter stands in texts by chance.
_SHORTEST, _SHORTEST_OF_ANSWER = 4, 8
_LONGEST_SHOWN = 300


class Secrets:
    """The variables of a server, whose values are replaced by their names."""

    def __init__(self, server: Server, variables: Mapping[str, str]) -> None:
        names = [*server.env, *filter(None, [server.token])]
        given = {variables[name]: f"${name}" for name in names if len(variables.get(name, "")) >= _SHORTEST}
        self._given = _escaped(given)
        self._secret = _escaped(
            {
                value: name
                for value, name in given.items()
                if len(value) >= _SHORTEST_OF_ANSWER and (name == f"${server.token}" or _NAME.search(name))
            }
        )

    def quoted(self, text: str) -> str:
        """Words of the server for a message: no value of any variable it was given is in it."""
        return shown(_replaced(text, self._given), _LONGEST_SHOWN)

    def masked(self, text: str) -> str:
        """An answer without the token, and without the values of variables that are named as a secret is.

        Other variables say where and what a server is, which a case may well ask for.
        """
        return _replaced(text, self._secret)


def _escaped(values: Mapping[str, str]) -> Mapping[str, str]:
    """The values as they are, and as they stand in JSON; the longest first, since one may hold another."""
    forms = {form: name for value, name in values.items() for form in (value, json.dumps(value)[1:-1])}
    return dict(sorted(forms.items(), key=lambda form: -len(form[0])))


def _replaced(text: str, values: Mapping[str, str]) -> str:
    for value, name in values.items():
        text = text.replace(value, name)
    return text
