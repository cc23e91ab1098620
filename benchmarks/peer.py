"""The peer of `validate`: a process that reads the same files and lets PyYAML load every YAML text among them.

It judges nothing. It prints the seconds of the calls of `yaml.load` alone, reading left out.
"""

import os
import time
from collections.abc import Iterator

import yaml

_FOLDERS = ("skills", "evals", "approvals")


def main() -> None:
    """Read and load everything below the current folder."""
    seconds = 0.0
    for path in _files():
        with open(path, "rb") as file:  # noqa: PTH123 - a peer that took the slower way would flatter us
            raw = file.read()
        text = _yaml_in(path, raw)
        if text is not None:
            begun = time.perf_counter()
            yaml.load(text, Loader=yaml.CSafeLoader)
            seconds += time.perf_counter() - begun
    print(seconds)


def _files() -> Iterator[str]:
    yield from ("skillctl.yaml", ".claude/mcp-servers.json")
    for top in _FOLDERS:
        for folder, _, names in os.walk(top):
            for name in names:
                yield f"{folder}/{name}"


def _yaml_in(path: str, raw: bytes) -> str | None:
    if path.endswith(".yaml"):
        return raw.decode()
    if path.endswith("/SKILL.md"):
        return raw.decode().split("---\n", 2)[1]
    return None


if __name__ == "__main__":
    main()
