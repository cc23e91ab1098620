"""Where a commit and its pull request are shown, from the address that the repository is fetched from."""

import re
from collections.abc import Mapping

_REMOTE = re.compile(
    r"(?:(?:https?|ssh|git)://(?:[^/@\s]*@)?(?P<host>[A-Za-z0-9.-]+)(?::\d+)?/"
    r"|(?:[^/@\s:]+@)(?P<scp>[A-Za-z0-9.-]+):/?)"
    r"(?P<path>[A-Za-z0-9._~-]+(?:/[A-Za-z0-9._~-]+)+)/?"
)
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
#: How each kind of forge shows a commit and a request, by a word in the name of its host.
_FORGES: Mapping[str, tuple[str, str]] = {
    "github": ("commit", "pull"),
    "gitlab": ("-/commit", "-/merge_requests"),
    "codeberg": ("commit", "pulls"),
}
#: A squash merge, a merge, and a merge of GitLab.
_REQUEST = re.compile(
    r"\A[^\n]*\(#(\d{1,9})\)[ \t]*(?:\n|\Z)|\AMerge pull request #(\d{1,9}) |^See merge request \S*!(\d{1,9})[ \t]*$",
    re.MULTILINE,
)


def links(remote: str | None, commit: str, message: str | None) -> dict[str, str]:
    """`commit` and `pull_request`, each where it is known; nothing of the address's user or password is in them."""
    found = _REMOTE.fullmatch(remote or "")
    if found is None or not _COMMIT.fullmatch(commit):
        return {}
    host = (found["host"] or found["scp"]).lower()
    words = next((words for name, words in _FORGES.items() if name in host), None)
    if words is None:
        return {}
    base = f"https://{host}/{found['path'].removesuffix('.git')}"
    number = _request(message or "")
    return {"commit": f"{base}/{words[0]}/{commit}"} | (
        {"pull_request": f"{base}/{words[1]}/{number}"} if number else {}
    )


def _request(message: str) -> str | None:
    found = _REQUEST.search(message)
    return next(filter(None, found.groups())) if found else None
