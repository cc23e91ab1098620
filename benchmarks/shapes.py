"""The files of one generated skill: `lean` is mostly prose, `full` has the YAML that a grown skill has; both 5 KB."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from benchmarks import words

#: The servers that the `full` skills need.
SERVERS = ("archive-server", "documents-server", "ledger-server", "mail-server", "tickets-server", "tables-server")
_CALLS = ("create", "export_page", "find", "get", "list_all", "search_read", "update")
_OWNERS = ("accounting", "field-service", "finance-platform", "logistics", "operations", "people-team", "purchasing")
_CASE_NAMES = ("plain-period", "empty-period", "wrong-period", "long-table", "first-only", "asked-for")


@dataclass(frozen=True)
class Drawn:
    """What one skill is made of; `others` are the names of skills that it may require."""

    name: str
    number: int
    others: Sequence[str]
    random: Random


@dataclass(frozen=True)
class Files:
    """The bytes of a skill by path in its folder, its suite, and the ids of the suite's cases."""

    skill: dict[str, bytes]
    suite: bytes
    cases: tuple[str, ...]


def lean(drawn: Drawn) -> Files:
    """Little YAML and much prose: the harder shape beside a reader of YAML alone."""
    name, number = drawn.name, drawn.number
    definition = f'name: {name}\nversion: "1.0.0"\nstatus: approved\nowners: [bench]\ntags: [bench]\n'
    suite = (
        f"skill: {name}\ncases:\n"
        f'  - {{id: answers, run: {{script: scripts/answer.py}}, expect: [{{equals: "{number}"}}]}}\n'
    )
    body = f"{words.prose(drawn.random, 4_200)}\n\nRun `scripts/answer.py` for the number of the answer.\n"
    skill = {"skill.yaml": definition, "SKILL.md": _head(drawn) + body, "scripts/answer.py": f"print({number})\n"}
    return Files({path: text.encode() for path, text in skill.items()}, suite.encode(), ("answers",))


def full(drawn: Drawn) -> Files:
    """Tools, schemas, requirements and six cases, as a skill has that is in use."""
    body = (
        f"{words.prose(drawn.random, 1_300)}\n\n## Procedure\n\n"
        + "".join(f"{step}. {words.sentence(drawn.random)}\n" for step in range(1, 7))
        + "\n## Run the script\n\n```bash\npython scripts/answer.py --period 2026-03 --limit 20\n```\n\n"
        + f"{words.prose(drawn.random, 300)}\n"
    )
    skill = {"skill.yaml": _definition(drawn), "SKILL.md": _head(drawn) + body, "scripts/answer.py": _script(drawn)}
    return Files({path: text.encode() for path, text in skill.items()}, _suite(drawn).encode(), _CASE_NAMES)


#: The shapes by name.
SHAPES: dict[str, Callable[[Drawn], Files]] = {"lean": lean, "full": full}


def _head(drawn: Drawn) -> str:
    title = drawn.name.replace("-", " ").capitalize()
    return f'---\nname: {drawn.name}\ndescription: "{words.description(drawn.random)}"\n---\n# {title}\n\n'


def _definition(drawn: Drawn) -> str:
    random = drawn.random
    tools = "".join(
        f"  {server}: [{', '.join(sorted(random.sample(_CALLS, 3)))}]\n"
        for server in sorted(random.sample(SERVERS, random.randint(1, 3)))
    )
    required = "".join(f'  {other}: "^1.0"\n' for other in sorted(drawn.others))
    requires = f"requires:\n{required}" if required else ""
    return f"""\
name: {drawn.name}
version: "1.0.0"
status: approved
owners: [{random.choice(_OWNERS)}]
tags: [{", ".join(sorted({words.field(random) for _ in range(3)}))}]
tools:
{tools}{requires}inputs:
  type: object
  description: Options of scripts/answer.py, without their dashes.
  required: [period]
  additionalProperties: false
  properties:
    period: {{type: string, pattern: '^[0-9]{{4}}-(0[1-9]|1[0-2])$'}}
    limit: {{type: integer, minimum: 1, maximum: {random.randint(50, 500)}}}
    {words.field(random)}-kind: {{enum: [{", ".join(sorted({words.field(random) for _ in range(3)}))}]}}
outputs:
  type: object
  required: [ok, count, rows]
  properties:
    ok: {{type: boolean}}
    count: {{type: integer, minimum: 0}}
    rows:
      type: array
      items: {{type: object, required: [{words.field(random)}, total]}}
"""


def _suite(drawn: Drawn) -> str:
    random, script = drawn.random, "scripts/answer.py"
    month, limit = random.randint(1, 12), random.randint(21, 80)
    periods = [f"{year}-{month:02}" for year in range(2020, 2026)]
    return f"""\
skill: {drawn.name}
cases:
  - id: plain-period
    run: {{script: {script}, args: ["--period", "{periods[0]}"]}}
    expect:
      - {{exit_code: 0}}
      - {{json_path: $.ok, equals: true}}
      - {{json_path: $.count, equals: 12}}
  - id: empty-period
    run: {{script: {script}, args: ["--period", "{periods[1]}", "--limit", "1"]}}
    expect:
      - {{exit_code: 0}}
      - {{json_path: "$.rows[0].total", equals: {random.randint(100, 99_999)}}}
  - id: wrong-period
    run: {{script: {script}, args: ["--period", "{month:02}-2026"], timeout: 5}}
    expect:
      - {{exit_code: 2}}
      - {{stream: stderr, contains: "a period is a year and a month"}}
  - id: long-table
    run:
      script: {script}
      args: ["--period", "-"]
      stdin: |
        {words.field(random)},total
        {periods[2]},{random.randint(100, 99_999)}
        {periods[3]},{random.randint(100, 99_999)}
    expect: [{{json_path: $.count, equals: 2}}]
  - id: first-only
    run: {{script: {script}, args: ["--period", "{periods[4]}", "--limit", "{limit}"]}}
    expect: [{{regex: '"count": {limit}\\b'}}]
  - id: asked-for
    trigger:
      prompt: "{words.sentence(random)}"
      fires: true
  - {{id: of-a-neighbour, trigger: {{prompt: "{words.sentence(random)}", fires: false}}}}
"""


def _script(drawn: Drawn) -> str:
    return f"""\
import argparse
import json

parser = argparse.ArgumentParser()
parser.add_argument("--period", required=True)
parser.add_argument("--limit", type=int, default=12)
options = parser.parse_args()
rows = [{{"total": {drawn.number} + row}} for row in range(options.limit)]
print(json.dumps({{"ok": True, "count": len(rows), "rows": rows}}))
"""
