"""`skillctl show`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from skillctl import wiring
from skillctl.cli import draw
from skillctl.cli.options import FormatOption, SkillArgument
from skillctl.cli.result import Format, Result
from skillctl.domain.serving import Serving
from skillctl.errors import UsageError
from skillctl.workflows.read import read

if TYPE_CHECKING:
    from rich.console import Console


def run(
    context: typer.Context,
    name: SkillArgument,
    env: Annotated[str | None, typer.Option("--env", help="As agents see it in this environment instead.")] = None,
    version: Annotated[
        str | None, typer.Option("--version", help="With `--env`: this version, not the served one.")
    ] = None,
    format: FormatOption = Format.TEXT,
) -> Result:
    """One skill of the folder, or of an environment."""
    if version is not None and env is None:
        hint = f"run `skillctl show {name} --env prod --version {version}`"
        raise UsageError("`--version` is for the versions of an environment, and `--env` is not given", hint=hint)
    data = _of_environment(context, env, name, version) if env else _of_folder(context, name)
    return Result(data, 0, (), lambda screen: _draw(screen, data), format)


def _of_folder(context: typer.Context, name: str) -> dict[str, Any]:
    contents = read(wiring.Wiring(context.obj).working_tree())
    skill = contents.skills.get(contents.known(name))
    if skill is None:
        raise UsageError(f"`{name}` cannot be read", hint=f"run `skillctl validate {name}`")
    suite = contents.suites.get(name)
    return {
        **skill.card,
        "version": skill.definition.version,
        "status": skill.definition.status.value,
        "serving": contents.servings.get(name, Serving()).serving,
        "approved": list(contents.approved(name)),
        "cases": len(suite.suite.cases) if suite else 0,
        "files": sorted(skill.files),
    }


def _of_environment(context: typer.Context, env: str, name: str, version: str | None) -> dict[str, Any]:
    with wiring.production(wiring.Wiring(context.obj).target(env)) as production:
        said = production.skill(name, version)
    if said is None:
        which = f"{name}@{version}" if version else f"`{name}`"
        raise UsageError(f"{which} is not served in `{env}`", hint=f"run `skillctl list --env {env}`")
    flat = {**said["card"], **{key: value for key, value in said.items() if key not in ("card", "files")}}
    return {**flat, "files": [file["path"] for file in said["files"]]}


def _draw(screen: "Console", data: dict[str, Any]) -> None:
    draw.line(screen, f"{data['name']}@{data['version']}", "bold")
    draw.paragraphs(screen, data["description"])
    draw.fields(
        screen,
        {
            key: _worded(value)
            for key, value in data.items()
            if key not in ("name", "version", "description", "inputs", "outputs", "manifest")
            and value not in (None, [], {})
        },
    )


def _worded(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_worded(item)}" for key, item in value.items() if item is not None)
    return ", ".join(str(item) for item in value) if isinstance(value, list) else str(value)
