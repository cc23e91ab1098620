"""What the doctor says of what was found, and what mends it."""

import base64
import json

import pytest
from msgspec.structs import replace

from skillctl.domain.doctor import CHECKS, examine
from skillctl.domain.doctor.diagnosis import Health
from skillctl.domain.doctor.facts import Answer, Configured, Database, Facts, Machine, Repository, Terms
from skillctl.domain.doctor.key import kind_of

HERE = Machine("git version 2.43.0", "OpenSSH_9.6", ["/opt/bin/skillctl", "/usr/bin/skillctl"], "/opt/bin")
TIPS = {"": "a", "origin": "a"}
SOUND = Facts(
    HERE,
    Repository("main", ["origin"], TIPS, "main"),
    None,
    Configured("postgres", "secret"),
    Answer("ok"),
    Database("17.6", exposed=["public", "mcp"], timeouts={"authenticator": "8s", "anon": "3s"}),
    Terms(3),
    0.4,
)
NOTHING = Facts(Machine("git version 2.43.0", "OpenSSH_9.6"))


def found(facts: Facts, name: str) -> tuple[str, str]:
    """The health of one check, and what it says."""
    diagnosis = dict(examine(facts))[name]
    assert (diagnosis.fix is None) is (diagnosis.health in (Health.OK, Health.SKIPPED))
    return diagnosis.health.value, diagnosis.said


def machine(**changed: object) -> Facts:
    return replace(SOUND, machine=replace(HERE, **changed))


def repository(**changed: object) -> Facts:
    assert SOUND.repository is not None
    return replace(SOUND, repository=replace(SOUND.repository, **changed))


def database(**changed: object) -> Facts:
    assert SOUND.database is not None
    return replace(SOUND, database=replace(SOUND.database, **changed))


def https(key: str | None = "secret", word: str = "ok", said: str = "it said no") -> Facts:
    return replace(SOUND, configured=Configured("https", key), answer=Answer(word, said, "a hint"), database=None)


def test_all_is_well() -> None:
    assert {diagnosis.health for _, diagnosis in examine(SOUND)} == {Health.OK}
    assert len({check.name for check in CHECKS}) == len(CHECKS)


def test_what_is_not_configured_is_no_failure() -> None:
    assert {diagnosis.health for _, diagnosis in examine(NOTHING)} == {Health.OK, Health.SKIPPED}
    unset = replace(NOTHING, configured=Configured(None, unset=["N8N_WEBHOOK_URL"]), trouble="no `skillctl.yaml`")
    assert {diagnosis.health for _, diagnosis in examine(unset)} == {Health.OK, Health.SKIPPED}
    assert found(unset, "release branch") == ("skipped", "no `skillctl.yaml`")


@pytest.mark.parametrize(
    ("facts", "name", "health", "said"),
    [
        (machine(git=None), "git", "failed", "there is no `git`"),
        (machine(git="git version 2.37.9"), "git", "failed", "Git 2.37 cannot merge without a folder"),
        (machine(git="git version 3.0"), "git", "ok", "git version 3.0"),
        (machine(git="git from tomorrow"), "git", "ok", "git from tomorrow"),
        (machine(ssh_keygen=None), "ssh-keygen", "failed", "there is no `ssh-keygen`"),
        (machine(own="/else/bin"), "skillctl", "warning", "`/opt/bin/skillctl`; this one is in `/else/bin`"),
        (machine(skillctls=[]), "skillctl", "ok", "no `skillctl` is in `PATH`"),
        (machine(weakness="refused"), "namespaces", "warning", "without isolation: refused"),
        (repository(tips={}), "release branch", "failed", "no release branch `main`"),
        (repository(remotes=[], tips={"": "a"}), "release branch", "ok", "there is no remote"),
        (repository(tips={"": "a"}), "release branch", "warning", "`main` is not at `origin`"),
        (repository(tips={"origin": "a"}), "release branch", "ok", "at `origin`, and not here"),
        (repository(behind=2), "release branch", "warning", "lacks 2 commits of `origin`"),
        (repository(ahead=3), "release branch", "warning", "has 3 commits that `origin` has not"),
        (https("publishable"), "key", "failed", "publishable"),
        (https("anon"), "key", "failed", "`anon`"),
        (https("expired"), "key", "failed", "has expired"),
        (https("service_role"), "key", "warning", "announced the end for 2026"),
        (https("unknown"), "key", "warning", "of no kind that is known"),
        (https(), "reachable", "ok", "by way of HTTPS"),
        (SOUND, "reachable", "ok", "a connection string; PostgreSQL 17.6"),
        (https(word="unreachable"), "reachable", "failed", "it said no"),
        (https(word="refused"), "reachable", "failed", "it said no"),
        (https(word="not-exposed"), "exposed", "failed", "it said no"),
        (https(word="not-migrated"), "exposed", "ok", "knows schema `mcp`"),
        (https(word="unreachable"), "exposed", "skipped", "nothing tells"),
        (database(exposed=["public"]), "exposed", "failed", "only public are exposed"),
        (database(exposed=None), "exposed", "skipped", "nothing tells"),
        (database(pending=["2026_a", "2027_b"]), "migrated", "failed", "2 migrations are pending, from `2026_a`"),
        (database(pending=["2026_a"], unknown=["2099"]), "migrated", "failed", "does not know: 2099"),
        (https(word="not-migrated"), "migrated", "failed", "it said no"),
        (https(), "migrated", "ok", "which migrations it has, only a login sees"),
        (https(word="unreachable"), "migrated", "skipped", "nothing is known"),
        (replace(SOUND, skew=31.0), "clock", "warning", "31 s behind production's"),
        (replace(SOUND, skew=-4000.0), "clock", "failed", "4,000 s ahead of production's"),
        (database(timeouts={"anon": "3s"}), "time-outs", "warning", "`authenticator` has no `statement_timeout`"),
        (SOUND, "time-outs", "ok", "anon 3s, authenticator 8s"),
        (replace(SOUND, configured=Configured("https", "secret", ["N8N_WEBHOOK_URL"])), "destinations", "warning",
         "`N8N_WEBHOOK_URL`"),
        (replace(SOUND, terms=Terms(3, ["a"])), "terms", "warning", "1 offered skills have no terms"),
        (replace(SOUND, terms=Terms(3, [], ["b", "c"])), "terms", "failed", "`b` are not those of its card, nor are 1"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_fix(facts: Facts, name: str, health: str, said: str) -> None:
    judged, words = found(facts, name)
    assert judged == health
    assert said in words


def token(claims: object) -> str:
    return "e30." + base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode() + ".sig"


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("sb_secret_abc", "secret"),
        ("sb_publishable_abc", "publishable"),
        (token({"role": "anon", "exp": 2000}), "anon"),
        (token({"role": "service_role"}), "service_role"),
        (token({"role": "service_role", "exp": 999}), "expired"),
        (token({"role": "service_role", "exp": "x"}), "service_role"),
        (token({"role": "authenticated"}), "unknown"),
        (token(["role"]), "unknown"),
        ("", "unknown"),
        ("a.b.c", "unknown"),
        ("a.é.c", "unknown"),
    ],
)
def test_the_kind_of_a_key(key: str, kind: str) -> None:
    assert kind_of(key, 1000) == kind
