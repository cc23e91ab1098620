"""Load: the skills as they lie in the folder → the dev catalogue, every status, marked as such."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from skillctl.domain import digest
from skillctl.domain.conflicts import other_content
from skillctl.domain.digest import Content, Unmeasurable
from skillctl.domain.finding import Finding
from skillctl.domain.serving import Serving
from skillctl.workflows.ports import Repository
from skillctl.workflows.read import Contents, read
from skillctl.workflows.store_ports import Catalogue


class Loaded(Struct, frozen=True):
    """Where the catalogue lies, how many skills of each status it holds, and what could not be loaded."""

    path: str
    statuses: Mapping[str, int]
    files: int
    findings: tuple[Finding, ...]


def load(repository: Repository, catalogue: Catalogue) -> Loaded:
    """Fill the dev catalogue anew; a broken skill is left out and named, the others are loaded."""
    tree = repository.pending("skills", "evals", "approvals", "skillctl.yaml", ".claude/mcp-servers.json")
    contents = read(tree)
    findings = [finding for finding in contents.findings if finding.skill not in contents.skills]
    skills, files, statuses = [], [], dict[str, int]()
    everything = tree.read(entry for folder in contents.entries.values() for entry in folder if _of_skill(entry.path))
    for name in sorted(contents.skills):
        skill = contents.skills[name]
        try:
            content = digest.measure_skill(skill.folder, contents.entries[skill.folder], everything)
        except Unmeasurable as problem:
            findings.append(Finding("SK009", str(problem), skill.document.file, skill=name))
            continue
        approved = contents.approved(name).get(skill.definition.version)
        if approved not in (None, content.digest):
            findings.append(other_content(name, skill.definition.version, skill.document.file))
            continue
        skills.append(_row(contents, name, content))
        files += [_file_row(name, skill.folder, content, everything, index) for index in range(len(content.files))]
        statuses[skill.definition.status.value] = statuses.get(skill.definition.status.value, 0) + 1
    return Loaded(catalogue.replace(skills, files), statuses, len(files), tuple(findings))


def _of_skill(path: str) -> bool:
    return path.startswith("skills/")


def _row(contents: Contents, name: str, content: Content) -> dict[str, Any]:
    skill = contents.skills[name]
    return {
        **skill.card,
        "version": skill.definition.version,
        "status": skill.definition.status.value,
        "serving": contents.servings.get(name, Serving()).serving,
        "digest": content.digest,
        "instructions": skill.instructions,
    }


def _file_row(name: str, folder: str, content: Content, everything: Mapping[str, bytes], index: int) -> dict[str, Any]:
    file = content.files[index]
    return {
        "skill": name,
        "path": file.path,
        "mode": file.mode,
        "sha256": file.sha256,
        "bytes": everything[f"{folder}/{file.path}"],
    }
