"""Excerpts: the source lines that findings are about, without the secrets in them."""

from collections.abc import Mapping, Sequence
from itertools import islice

from skillctl.domain.finding import Finding
from skillctl.domain.places import LINE_END
from skillctl.domain.secrets import masked
from skillctl.workflows.ports import Tree

#: A file is looked into for so many findings; a screen full of more is not read by anybody.
MOST = 1000
#: A longer file is not looked into.
_LONGEST = 1024 * 1024


def excerpts(tree: Tree, findings: Sequence[Finding]) -> Mapping[tuple[str, int], str]:
    """The line of each finding by file and line; one of a file that is no text is left out."""
    wanted: dict[str, set[int]] = {}
    for finding in islice(findings, MOST):
        wanted.setdefault(finding.file, set()).add(finding.line)
    found = {}
    for path, raw in tree.read(tree.files(*wanted)).items():
        lines = LINE_END.split(masked(raw[:_LONGEST].decode("utf-8-sig", "replace")))
        found.update({(path, line): lines[line - 1] for line in wanted.get(path, ()) if line <= len(lines)})
    return found
