"""Any other agent: a program of the policy's owner that reads one request as JSON and writes one answer.

The protocol is described in `docs/runners.md`. The program works with the user's own login, so there are no walls
around it; it has a scratch folder, a clean environment, and ends with all that it started.
"""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import Field, JsonValue, ValidationError
from pydantic_core import from_json

from skillctl.adapters.runners.programs import Ended, NotEnded, Programs, located
from skillctl.adapters.runners.quoting import Quoting
from skillctl.adapters.scratch import write
from skillctl.domain.exchange import Call, NoAnswer, Reply, Request
from skillctl.domain.runner import Harness
from skillctl.domain.schema import Model, NonEmpty

PROTOCOL = 1
#: What a program finds its way and its login by; everything else is named in `env`.
_ALWAYS = ("PATH", "HOME", "LANG", "TMPDIR")
_NO_FILES: Mapping[str, tuple[str, bytes]] = MappingProxyType({})
_Count = Annotated[int, Field(ge=0, le=10**12)]


class _Called(Model):
    name: NonEmpty
    arguments: dict[str, JsonValue]


class _Usage(Model):
    input_tokens: _Count | None = None
    output_tokens: _Count | None = None


class _Answer(Model):
    text: str
    tool_calls: list[_Called] = []
    usage: _Usage | None = None
    cost: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None


class CommandRunner:
    """One program, started anew for each request; any number of threads may ask at the same time.

    `folder` is the root of the repository: a first word with a `/` in it, and every other word that names a file
    there, is relative to it. Of `variables`, the environment, the program is given what `env` names.
    """

    def __init__(self, config: Harness, folder: Path, variables: Mapping[str, str]) -> None:
        self._config, self._programs = config, Programs()
        self._command = [located(word, folder, is_program=not at) for at, word in enumerate(config.argv)]
        self._environment = {name: variables[name] for name in (*_ALWAYS, *config.env) if name in variables}
        self._quoting = Quoting([variables.get(name) for name in config.env if name not in _ALWAYS])

    def answer(self, request: Request, files: Mapping[str, tuple[str, bytes]] = _NO_FILES) -> Reply:
        """The reply to a request; NoAnswer says why there is none. `files` are its skill's: path → (mode, bytes)."""
        with tempfile.TemporaryDirectory(prefix="skillctl-ask-", ignore_cleanup_errors=True) as name:
            scratch = Path(name).resolve()
            work = scratch / "work"
            work.mkdir()
            asked = json.dumps(_asked(request, files, scratch), allow_nan=False)
            try:
                ended = self._programs.run(
                    self._command, asked.encode() + b"\n", work, self._environment, self._config.timeout
                )
            except NotEnded as problem:
                said = f": {self._quoting.end(problem.stderr)}" if problem.stderr.strip() else ""
                raise NoAnswer(f"`{self._config.argv[0]}` {problem}{said}") from None
        return self._reply(ended)

    def close(self) -> None:
        """End the programs that still run; they have no answer then."""
        self._programs.close()

    def _reply(self, ended: Ended) -> Reply:
        program, errors = f"`{self._config.argv[0]}`", self._quoting.end(ended.stderr)
        if ended.exit_code:
            how = f"ended with {ended.exit_code}" if ended.exit_code > 0 else f"was ended by signal {-ended.exit_code}"
            raise NoAnswer(f"{program} {how}: {errors}")
        if not ended.stdout.strip():
            raise NoAnswer(f"{program} wrote no answer; its errors: {errors}")
        said = self._understood(ended.stdout)
        if not said.text and not said.tool_calls:
            raise NoAnswer(f"{program} answered with neither text nor tool calls")
        usage = said.usage or _Usage()
        return Reply(
            text=said.text,
            calls=[
                Call(id=f"call-{number}", name=one.name, arguments=one.arguments)
                for number, one in enumerate(said.tool_calls, start=1)
            ],
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cost=said.cost,
        )

    def _understood(self, stdout: bytes) -> _Answer:
        program = f"`{self._config.argv[0]}`"
        try:
            said = from_json(stdout, allow_inf_nan=False)
        except ValueError:
            said = None
        if not isinstance(said, dict):
            raise NoAnswer(f"{program} wrote no JSON object: {self._quoting.beginning(stdout)}")
        try:
            return _Answer.model_validate(said)
        except ValidationError as problem:
            # The value itself could be anything, a secret too.
            first = problem.errors(include_url=False, include_input=False)[0]
            where = self._quoting.beginning(".".join(str(step) for step in first["loc"]))
            raise NoAnswer(f"{program} wrote an answer of another form: {where}: {first['msg']}") from None


def _asked(request: Request, files: Mapping[str, tuple[str, bytes]], scratch: Path) -> dict[str, Any]:
    """What the program reads: the body, and where the copy of the skill lies, which no key depends on."""
    asked = {**request.body, "protocol": PROTOCOL, "trial": request.trial}
    if asked.get("skill") is None:
        return asked
    folder = scratch / "skills" / asked["skill"]["name"]
    folder.parent.mkdir()
    write(folder, {path: (int(mode[-3:], 8), raw) for path, (mode, raw) in files.items()})
    return {**asked, "skill": {**asked["skill"], "path": str(folder)}}
