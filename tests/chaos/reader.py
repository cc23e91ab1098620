"""A reader that asks all along what agents ask, and notes each answer that is not of one complete release.

`python -m tests.chaos.reader URL KNOWN` reads what each commit offers from a file of JSON, asks until its input ends,
and prints what it noted and how often it asked.
"""

import base64
import contextlib
import hashlib
import json
import select
import sys
from pathlib import Path
from random import Random
from typing import Any

import psycopg


def main() -> None:
    """Ask, and say what was wrong."""
    url, known = sys.argv[1], json.loads(Path(sys.argv[2]).read_text())
    wrong: list[str] = []
    answers, commits, random = 0, set(), Random(0)
    while not select.select([sys.stdin], [], [], 0)[0]:
        # Who is cut off asks again.
        with contextlib.suppress(psycopg.Error), psycopg.connect(url, autocommit=True, connect_timeout=2) as asking:
            while not select.select([sys.stdin], [], [], 0)[0]:
                listed = _asked(asking, "select mcp.list_skills()")
                commits.add(listed["commit"])
                wrong += _list_faults(listed, known)
                for skill in random.sample(listed["skills"], min(1, len(listed["skills"]))):
                    wrong += _skill_faults(asking, skill["name"], known)
                answers += 1
    sys.stdout.write(json.dumps({"wrong": wrong[:20], "answers": answers, "commits": len(commits)}) + "\n")


def _asked(asking: psycopg.Connection[Any], query: str, *values: str) -> Any:
    row = asking.execute(query.encode(), values or None).fetchone()
    assert row is not None
    return row[0]


def _list_faults(listed: Any, known: Any) -> list[str]:
    if (listed["commit"] is None) != (listed["release"] is None):
        return [f"a commit without a release, or the other way round: {listed}"]
    offered = known[listed["commit"]]["list"] if listed["commit"] else []
    return [] if listed["skills"] == offered else [f"at {listed['commit']} it lists {listed['skills']}"]


def _skill_faults(asking: psycopg.Connection[Any], name: str, known: Any) -> list[str]:
    opened = _asked(asking, "select mcp.get_skill(%s)", name)
    if opened is None:
        # Between the two questions another release may have withdrawn it, or all of it was emptied.
        return []
    commit = opened.pop("commit")
    if opened.pop("release") is None or opened != known[commit]["skills"].get(name):
        return [f"at {commit} it opens {opened}"]
    found = []
    for file in opened["files"]:
        said = _asked(asking, "select mcp.read_file(%s, %s, %s)", name, opened["version"], file["path"])
        if said is not None and hashlib.sha256(base64.b64decode(said["base64"])).hexdigest() != file["sha256"]:
            found.append(f"at {commit} `{file['path']}` of {name} holds other bytes")
    return found


if __name__ == "__main__":
    main()
