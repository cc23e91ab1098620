"""Where a release can be looked at, and who is called."""

import pytest

from skillctl.domain import announcement, forge, policy

COMMIT = "a" * 40
GITHUB = f"https://github.com/org/repo/commit/{COMMIT}"


@pytest.mark.parametrize(
    ("remote", "link"),
    [
        ("https://github.com/org/repo.git", GITHUB),
        ("https://github.com/org/repo", GITHUB),
        ("https://github.com/org/repo/", GITHUB),
        ("https://GitHub.com/org/repo.git", GITHUB),
        ("https://ana:ghp_secret@github.com/org/repo.git", GITHUB),
        ("https://x-access-token:s@github.com:443/org/repo.git", GITHUB),
        ("git@github.com:org/repo.git", GITHUB),
        ("ssh://git@github.com/org/repo.git", GITHUB),
        ("ssh://git@github.com:22/org/repo.git", GITHUB),
        ("git@gitlab.com:org/sub/repo.git", f"https://gitlab.com/org/sub/repo/-/commit/{COMMIT}"),
        ("https://gitlab.corp.test/org/repo.git", f"https://gitlab.corp.test/org/repo/-/commit/{COMMIT}"),
        ("https://codeberg.org/org/repo.git", f"https://codeberg.org/org/repo/commit/{COMMIT}"),
        ("https://git.corp.test/org/repo.git", None),
        ("/srv/git/github.com/repo.git", None),
        ("file:///srv/github.com/repo.git", None),
        ("https://github.com/org/re)po", None),
        ("https://github.com/org/repo\n", None),
        ("https://evil.test/?github.com/org/repo", None),
        ("", None),
        (None, None),
    ],
)
def test_the_commit_is_linked_from_the_address_it_is_fetched_from(remote: str | None, link: str | None) -> None:
    assert forge.links(remote, COMMIT, None).get("commit") == link
    assert "secret" not in str(forge.links(remote, COMMIT, None))


@pytest.mark.parametrize(
    ("message", "number"),
    [
        ("Add a skill (#123)", "123"),
        ("Add a skill (#123)\n\n* more (#9)", "123"),
        ("Add (#1) and mend (#2)", "2"),
        ("Merge pull request #45 from org/branch\n\nAdd a skill", "45"),
        ("Add a skill\n\nMentions (#7)", None),
        ("Fix #12", None),
        ("Merge branch 'x'\n\nSee merge request org/repo!9", "9"),
        ("(#99999999999)", None),
        (None, None),
    ],
)
def test_the_pull_request_is_that_which_the_merge_names(message: str | None, number: str | None) -> None:
    found = forge.links("git@github.com:org/repo.git", COMMIT, message).get("pull_request")
    assert found == (f"https://github.com/org/repo/pull/{number}" if number else None)
    assert forge.links("git@github.com:org/repo.git", "HEAD", message) == {}


def test_owners_are_called_by_their_names_in_the_chat() -> None:
    found = policy.read(
        b"people:\n"
        b"  ana: {mattermost: '@ana.a'}\n"
        b"  ben: {mattermost: ben, emails: [ben@example.test]}\n"
        b"  all: {mattermost: all}\n"
        b"  odd: {mattermost: 'ben](https://evil.test)'}\n"
        b"  mute: {}\n"
        b"  robot: {mattermost: robot, bot: true}\n"
        b"groups: {team: [ana, ben, all, odd, mute, robot]}\n"
    )[0]
    assert found is not None
    assert announcement.called(found, ["team"]) == ["ana.a", "ben"]
    assert announcement.called(found, ["ben", "team", "nobody"]) == ["ana.a", "ben"]
    assert announcement.called(found, []) == []


def test_what_there_is_not_is_not_told() -> None:
    assert announcement.nothing("c", []).facts == {}
    assert announcement.Announcement({"commit": "x"}, {}).facts == {"links": {"commit": "x"}}
