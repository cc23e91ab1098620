"""Slash commands, asked as Mattermost asks them, answered from a real production; and those who are not Mattermost."""

import json
import signal
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

import pytest

from skillctl.adapters.postgres_transport import PostgresTransport
from skillctl.adapters.production_jobs import ProductionJobs
from skillctl.adapters.production_rollouts import ProductionRollouts
from skillctl.domain.chat_answers import Question
from skillctl.domain.delivery import Job
from skillctl.errors import Unreachable
from skillctl.server import commands
from tests.adapters.answering import refusing
from tests.production.conftest import Database, fill
from tests.production.world import Version, following, publish
from tests.server.conftest import COMMAND_TOKEN, Hooks, hooks_of, serving
from tests.shop import Shop, run
from tests.standin.mattermost_server import typed

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def bare(text: str) -> str:
    """Without what keeps it from being Markdown."""
    return text.replace("\\", "").replace("\u200b", "")


def post(port: int, body: bytes, headers: dict[str, str], path: str = commands.PATH) -> tuple[int, bytes]:
    with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()


def test_what_people_ask(hooks: Hooks, database: Database) -> None:
    assert bare(hooks.ask("status").text) == "prod holds nothing yet"
    fill(database)
    overall = hooks.ask("status")
    assert (overall.kind, overall.is_failure) == ("ephemeral", False)
    assert bare(overall.text).startswith("prod serves 3 skills\nlast release: sync by maria, 20")
    commit = "https://github.com/org/skills/commit/" + "a" * 40
    assert overall.text.endswith(f"\n[commit aaaaaaaaaaaa]({commit}) · [dashboard](https://dash.test/d/1)")

    status = bare(hooks.ask("status finance-ssc").text).split("\n")
    assert status[:3] == [
        "**finance-ssc**: prod serves 1.0.0 (approved)",
        "Withholding tax",
        "versions: 1.0.0 approved",
    ]

    why = bare(hooks.ask("why finance-ssc").text).split("\n")
    digest = Version().digest.removeprefix("sha256:")[:12]
    assert why[1] == f"digest: {digest}"
    assert why[2] == (
        "proof: deterministic evidence, 2 of 2 cases passed, verdict passed, measured 2026-11-22 10:00 UTC"
    )
    assert why[3] == "written by Maria ‹maria@example.test›"
    assert why[4].startswith("last step: 1.0.0 publish, sync by maria, 20")

    assert bare(hooks.ask("status leaky").text).startswith(
        "**leaky**: prod serves nothing of it\nversions: 1.0.0 revoked"
    )
    history = bare(hooks.ask("history leaky").text).split("\n")
    assert history[2] == "| when | version | what | status | who |"
    assert [row.split(" | ")[2:4] for row in history[4:]] == [
        ["revoke", "approved → revoked"], ["publish", "candidate → approved"],
    ]  # fmt: skip
    assert bare(hooks.ask("status finance-scc").text) == "prod knows no skill finance-scc; did you mean finance-ssc?"
    assert bare(hooks.ask("why zzz").text) == "prod knows no skill zzz"


def test_how_a_release_arrived_is_said_as_the_command_line_says_it(
    hooks: Hooks, database: Database, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SKILLCTL_DATABASE_URL", database.owner_url)

    def asked() -> str:
        lines = [one for one in bare(hooks.ask("status finance-ssc").text).split("\n") if one.startswith("rollout: ")]
        found = Shop(repository).skillctl("status", "--env", "prod").data["rollouts"]["skills"].get("finance-ssc")
        assert lines == ([f"rollout: {found['version']} {found['shown']}"] if found else [])
        return lines[0].removeprefix("rollout: 1.0.0 ") if lines else "nothing"

    with PostgresTransport(database.owner_url) as transport:
        queue, rollouts = ProductionJobs(transport), ProductionRollouts(transport)

        def claimed() -> Job:
            job = queue.claim("w", ["rollout"])
            assert job is not None
            return job

        publish(transport, Version("bi-architect"))
        jobs = [{"destination": "n8n", "job_type": "rollout", "payload": {}}]
        release = publish(transport, Version(), jobs=jobs)["release"]
        said = [asked()]
        queue.fail(claimed(), "w", "refused", retry_in=None)
        said.append(asked())
        queue.requeue(database.value("select job::text from mcp.rollouts"))
        rollouts.delivered(claimed(), "7", follow=False, acknowledged=False)
        said.append(asked())
        rollouts.settle(release, "rollout_failed", "no disk")
        said.append(asked())
    assert said == ["pending", "not delivered", "delivered", "failed"]
    assert "rollout" not in hooks.ask("status bi-architect").text


@pytest.mark.parametrize("text", ["", "help", "statsu finance-ssc", "status a b", "why", "approve finance-ssc"])
def test_what_is_not_understood_is_answered_with_what_can_be_asked(hooks: Hooks, text: str) -> None:
    said = hooks.ask(text)
    assert (said.kind, said.is_failure) == ("ephemeral", False)
    assert "`/skill why NAME`: " in said.text
    assert ("did you mean `status`?" in said.text) is text.startswith("statsu")
    assert "`/governed status [NAME]`" in hooks.ask(text, command="/governed").text


def test_what_is_held_is_said_with_its_reason(hooks: Hooks, database: Database) -> None:
    fill(database)
    hold = {"skill": "finance-ssc", "kind": "hold", "digests": []}
    with PostgresTransport(database.owner_url) as transport:
        release = following(transport, [], kind="hold", reason="@all see [x](https://evil.test)", holds=[hold])
        transport.call("apply_release", release=release)
    for text in ("status", "status finance-ssc", "why finance-ssc"):
        said = hooks.ask(text).text
        assert "finance-ssc is held by maria since 20" in bare(said)
        assert "@\u200ball see \\[x\\]\\(https:\u200b//evil\\.test\\)" in said
    assert "held" not in hooks.ask("status bi-architect").text


def test_hostile_text_of_a_skill_does_nothing(hooks: Hooks, database: Database) -> None:
    with PostgresTransport(database.owner_url) as transport:
        publish(transport, Version("sly", description="@all [x](https://evil.test) | `x`\n# big"))
    assert "@\u200ball \\[x\\]\\(https:\u200b//evil\\.test\\) \\| \\`x\\` \\#\u200b big" in hooks.ask("status sly").text
    assert "@all" not in hooks.ask("why @all").text + hooks.ask("@all").text + hooks.ask("status <!channel>|@all").text


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        ({"text": "status"}, FORM, 401),
        ({"token": "", "text": "status"}, FORM, 401),
        ({"token": "wrong", "text": "status"}, FORM, 401),
        ({"token": COMMAND_TOKEN + "x", "text": "status"}, FORM, 401),
        ({"token": "größe", "text": "status"}, FORM, 401),
        ({"token": COMMAND_TOKEN, "text": "status"}, FORM | {"Authorization": "Token wrong"}, 401),
        ({"token": "wrong", "text": "status"}, FORM | {"Authorization": f"Token {COMMAND_TOKEN}"}, 401),
        ({"text": "status"}, FORM | {"Authorization": f"Bearer {COMMAND_TOKEN}"}, 401),
        ({"text": "status"}, FORM | {"Authorization": "Token \xff"}, 401),
        ({"token": COMMAND_TOKEN, "text": "status"}, {"Content-Type": "application/json"}, 415),
        ({"token": COMMAND_TOKEN, "text": "status"}, {}, 415),
        ({"token": COMMAND_TOKEN, "text": "x" * 300_000}, FORM, 413),
        (b"token=%s&token=wrong" % COMMAND_TOKEN.encode(), FORM, 400),
        (b"\xff\xfe", FORM, 400),
        (b"&".join([b"a=1"] * 100), FORM, 400),
        ({"text": "help"}, FORM | {"Authorization": f"Token {COMMAND_TOKEN}"}, 200),
        ({"token": COMMAND_TOKEN, "text": "help"}, FORM | {"Authorization": f"token {COMMAND_TOKEN}"}, 200),
        ({"token": COMMAND_TOKEN, "text": "help"}, {"Content-Type": FORM["Content-Type"] + "; charset=utf-8"}, 200),
        (b"token=%s&text=%%ff%%00%%ed%%a0%%80" % COMMAND_TOKEN.encode(), FORM, 200),
    ],
)
def test_who_is_answered(body: dict[str, str] | bytes, headers: dict[str, str], status: int) -> None:
    def never(asked: Question) -> str:
        raise AssertionError(asked)

    app = commands.application(COMMAND_TOKEN, never, lambda _line: None)
    with serving(app) as port:
        raw = body if isinstance(body, bytes) else urlencode(body).encode()
        found, said = post(port, raw, headers)
    assert found == status, said
    assert COMMAND_TOKEN.encode() not in said


def test_a_form_without_end_is_not_read_on() -> None:
    app = commands.application(COMMAND_TOKEN, lambda _asked: "", lambda _line: None)
    with serving(app) as port, socket.create_connection(("127.0.0.1", port)) as line:
        head = f"POST {commands.PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM['Content-Type']}\r\n"
        line.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
        chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
        with suppress(OSError):
            # It hangs up, in one of several ways; a thousand of them lie in no buffer.
            for _ in range(1000):
                line.sendall(chunk)
            pytest.fail("it read on")


def test_a_form_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "_LONGEST_FORM", 0.05)
    app = commands.application(COMMAND_TOKEN, lambda _asked: "", lambda _line: None)
    with serving(app) as port, socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        head = f"POST {commands.PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM['Content-Type']}\r\n"
        line.sendall(f"{head}Content-Length: 100\r\n\r\ntoken=".encode())
        assert b" 408 " in line.recv(100)


def test_a_production_that_is_slow_is_said_in_time_and_others_are_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "LONGEST", 0.2)
    over, noted = threading.Event(), list[str]()

    def slow(asked: Question) -> str:
        if asked.name is not None:
            over.wait(30)
        return "quick"

    try:
        with serving(commands.application(COMMAND_TOKEN, slow, noted.append)) as port:
            assert typed(port, COMMAND_TOKEN, "status").text == "quick"
            # As many as are asked at the same time, and more: they wait for each other no longer than for production.
            with ThreadPoolExecutor(20) as people:
                said = list(people.map(lambda number: typed(port, COMMAND_TOKEN, f"why s{number}"), range(20)))
            assert {(one.text, one.kind) for one in said} == {
                ("production is slow or away; ask again in a minute", "ephemeral")
            }
            assert typed(port, COMMAND_TOKEN, "help").text.startswith("`/skill status")
    finally:
        over.set()
    assert noted == ["why: production gave no answer within 0.2 s"] * 20


def test_why_there_is_no_answer_is_not_for_everybody() -> None:
    noted: list[str] = []

    def away(_asked: Question) -> str:
        raise Unreachable("no answer from db.secret.test")

    with serving(commands.application(COMMAND_TOKEN, away, noted.append)) as port:
        said = typed(port, COMMAND_TOKEN, "status")
    assert said.text.startswith("production gave no answer")
    assert "secret" not in said.text
    assert noted == ["status: no answer from db.secret.test"]


def test_many_ask_at_the_same_time(hooks: Hooks, database: Database) -> None:
    fill(database)
    names = ["finance-ssc", "odoo-developer", "bi-architect"] * 20
    with ThreadPoolExecutor(30) as people:
        said = list(people.map(lambda name: hooks.ask(f"status {name}").text, names))
    assert [bare(text).split("\n")[0] for text in said] == [
        f"**{name}**: prod serves 1.0.0 (approved)" for name in names
    ]


def test_an_answer_is_as_mattermost_takes_it(hooks: Hooks) -> None:
    form = urlencode({"token": COMMAND_TOKEN, "text": "help"}).encode()
    with closing(HTTPConnection("127.0.0.1", hooks.port, timeout=30)) as connection:
        connection.request("POST", commands.PATH, form, FORM)
        answer = connection.getresponse()
        assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
        assert list(json.loads(answer.read())) == ["response_type", "text", "skip_slack_parsing"]


def test_there_is_nothing_else(hooks: Hooks) -> None:
    for method, path, status in (
        ("GET", commands.HEALTH, 200), ("GET", commands.PATH, 405), ("POST", "/", 404), ("POST", commands.HEALTH, 405),
    ):  # fmt: skip
        with closing(HTTPConnection("127.0.0.1", hooks.port, timeout=30)) as connection:
            connection.request(method, path)
            assert connection.getresponse().status == status, path


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_when_it_is_told_to(hooks: Hooks, how: signal.Signals) -> None:
    assert hooks.ask("help").is_failure is False
    assert hooks.stop(how) == (0, "")


def test_a_question_that_came_in_is_answered_before_it_stops(repository: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://u:hunter2@127.0.0.1:{silent.getsockname()[1]}/d?connect_timeout=2"
        with hooks_of(repository, SKILLCTL_DATABASE_URL=url) as hooks, ThreadPoolExecutor(1) as person:
            said = person.submit(hooks.ask, "status")
            with silent.accept()[0]:
                code, noted = hooks.stop()
            assert said.result().text.startswith("production ")
    assert code == 0
    assert "status: " in noted
    assert "hunter2" not in noted + said.result().text


def test_a_production_that_is_away_is_said(repository: Path) -> None:
    url = refusing().replace("http://", "postgresql://u:hunter2@") + "/d"
    with hooks_of(repository, SKILLCTL_DATABASE_URL=url) as hooks:
        said = hooks.ask("status")
    assert (said.kind, said.is_failure) == ("ephemeral", False)
    assert said.text.startswith("production ")


def test_what_is_missing_is_said_at_once(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refusal(*words: str) -> str:
        answer = run("-C", repository, "hooks", "serve", *words)
        assert (answer.exit_code, answer.out) == (2, "")
        return answer.err

    assert "`MATTERMOST_COMMAND_TOKEN` is not set" in refusal()
    monkeypatch.setenv("MATTERMOST_COMMAND_TOKEN", " ")
    assert "`MATTERMOST_COMMAND_TOKEN` is not set" in refusal()
    monkeypatch.setenv("MATTERMOST_COMMAND_TOKEN", COMMAND_TOKEN)
    assert "nothing says where the production of `prod` is" in refusal()
    assert "there is no environment `prd`" in refusal("--env", "prd")
    monkeypatch.setenv("SKILLCTL_DATABASE_URL", "postgresql://127.0.0.1/d")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert f"cannot listen on 127.0.0.1:{port}: address already in use" in refusal("--port", port)
    assert "cannot listen on" in refusal("--host", "192.0.2.1")


def test_without_its_libraries_it_names_what_to_install(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATTERMOST_COMMAND_TOKEN", COMMAND_TOKEN)
    monkeypatch.setenv("SKILLCTL_DATABASE_URL", "postgresql://127.0.0.1/d")
    monkeypatch.setitem(__import__("sys").modules, "skillctl.server.commands", None)
    monkeypatch.delattr("skillctl.server.commands")
    answer = Shop(repository).typed("hooks", "serve")
    assert answer.exit_code == 2
    assert "pip install 'skillctl-lifecycle[hooks]'" in answer.err
