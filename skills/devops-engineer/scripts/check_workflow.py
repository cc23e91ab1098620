"""Check one GitHub Actions workflow for supply-chain, secret and deployment faults.

  GHA001-007, 011-014, 020  docs.github.com, "Secure use reference" and "Script injections" for GitHub Actions
  GHA008-010, 019           docs.github.com, "Workflow syntax": timeout-minutes, concurrency, environment
  GHA015, GHA016            GitHub changelog 2020-10-01 (set-env, add-path) and 2022-10-11 (set-output, save-state)
  GHA017, GHA018            github.com/actions/runner-images, announcements 10721, 11101, 12045, 13046, 13518, 14254

Prints one JSON object. Exit code 0: nothing at or above --fail-on; 1: findings; 2: no readable workflow.
"""

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any, NoReturn

import yaml

MAX_BYTES = 1_048_576
PIN = re.compile(r"[0-9a-f]{40}")
RETIRED = {"ubuntu-16.04": "2021", "ubuntu-18.04": "2023-04", "ubuntu-20.04": "2025-04-15", "windows-2016": "2022",
           "windows-2019": "2025-06-30", "macos-10.15": "2022", "macos-11": "2024-06-28", "macos-12": "2024-12-03",
           "macos-13": "2025-12-08", "macos-14": "2026-11-02"}
DEPRECATED = {"ubuntu-22.04": "2027-04-17"}
EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.S)
SAFE_LEAF = {"number", "id", "node_id", "sha", "before", "after", "action", "draft", "merged", "run_number",
             "created_at", "updated_at", "conclusion", "state", "full_name", "login"}
DEPLOY_NAME = re.compile(r"(?:^|[^a-z])(?:deploy|deployment|rollout|release|publish)(?:$|[^a-z])", re.I)
DEPLOY_RUN = re.compile(r"doctl apps (?:create-deployment|update)|kubectl (?:apply|set image|rollout restart)"
                        r"|helm upgrade|terraform apply|supabase (?:db push|functions deploy)|vercel [^\n]*--prod")
FETCHED_SHELL = re.compile(r"(?:curl|wget)\b[^\n|;]*\|\s*(?:sudo\s+(?:-\S+\s+)*)?(?:ba|z|da|k)?sh\b"
                           r"|(?:curl|wget)\b[^\n|;]*\|\s*(?:sudo\s+)?(?:python3?|node|perl|ruby|pwsh)\b"
                           r"|\b(?:ba|z|da)?sh\s+(?:-c\s+[\"']?\$|<)\(\s*(?:curl|wget)\b"
                           r"|\beval\s+[\"']?\$\(\s*(?:curl|wget)\b")
PRINTS = re.compile(r"(?:^|[;&|]\s*|\bdo\s+|\bthen\s+)(?:echo|printf|print)\b([^|>;&]*)(?![^;&]*[|>])")
FORK_HEAD = re.compile(r"github\.event\.pull_request\.head\b|github\.head_ref|refs/pull/|event\.workflow_run\.head_")
FORK_FETCH = re.compile(r"gh pr checkout|git (?:fetch|pull)[^\n]*(?:refs/)?pull/")

RULES: dict[str, tuple[str, str, str]] = {
    "GHA001": ("unpinned-action", "error", "pin the 40-hex commit (images: @sha256:...), keep the tag as a comment"),
    "GHA002": ("missing-permissions", "warning", "set `permissions: {contents: read}` on the workflow, widen per job"),
    "GHA003": ("write-all", "error", "name the scopes the job needs instead of `write-all`"),
    "GHA004": ("workflow-wide-write", "warning", "move the write scope to the one job that needs it"),
    "GHA005": ("fork-code-with-secrets", "error", "build fork code under `pull_request`, without secrets"),
    "GHA006": ("script-injection", "error", "hand the value over in `env:` and quote the shell variable"),
    "GHA007": ("input-injection", "warning", "hand the input over in `env:` and quote the shell variable"),
    "GHA008": ("no-timeout", "warning", "set `timeout-minutes`; the default is 360"),
    "GHA009": ("deploy-without-concurrency", "warning", "set a `concurrency` group for each environment"),
    "GHA010": ("deploy-without-environment", "error", "set `environment:`, so that its reviewers and secrets apply"),
    "GHA011": ("secret-printed", "error", "remove the print; masking fails for encoded or split values"),
    "GHA012": ("secret-in-command", "warning", "hand the secret over in `env:`"),
    "GHA013": ("fetched-script-executed", "error", "download a pinned version, verify its checksum, then run it"),
    "GHA014": ("self-hosted-on-pull-request", "error", "use hosted runners for pull requests"),
    "GHA015": ("deprecated-command", "warning", "write to $GITHUB_OUTPUT or $GITHUB_STATE"),
    "GHA016": ("disabled-command", "error", "write to $GITHUB_ENV or $GITHUB_PATH"),
    "GHA017": ("retired-runner-image", "error", "move to ubuntu-24.04, windows-2025 or macos-15"),
    "GHA018": ("deprecated-runner-image", "warning", "move before the retirement date"),
    "GHA019": ("deploy-cancelled-midway", "warning", "set `cancel-in-progress: false` where a deployment runs"),
    "GHA020": ("secrets-inherit", "warning", "pass only the named secrets the called workflow needs"),
}


class Map(dict[str, Any]):
    """A mapping that remembers the line of each key (and of itself under None)."""

    def __init__(self, line: int = 1) -> None:
        super().__init__()
        self.lines: dict[str | None, int] = {None: line}

    def line(self, key: str | None = None) -> int:
        return self.lines.get(key, self.lines[None])


class Loader(yaml.SafeLoader):
    """Safe loader with YAML 1.2 booleans, as GitHub reads them: `on` is a key, not true."""

    def mapping(self, node: yaml.MappingNode) -> Map:
        result = Map(node.start_mark.line + 1)
        for key_node, value_node in node.value:
            key = str(self.construct_object(key_node, deep=True))
            if key in result:
                raise yaml.constructor.ConstructorError(None, None, f"duplicate key `{key}`", key_node.start_mark)
            result[key] = self.construct_object(value_node, deep=True)
            result.lines[key] = key_node.start_mark.line + 1
        return result


Loader.yaml_implicit_resolvers = {
    first: [pair for pair in pairs if pair[0].rpartition(":")[2] not in ("bool", "timestamp")]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:[Tt]rue|TRUE|[Ff]alse|FALSE)$"), list("tTfF"))
Loader.add_constructor("tag:yaml.org,2002:map", Loader.mapping)


def fail(reason: str) -> NoReturn:
    print(f"error: {' '.join(reason.split())}", file=sys.stderr)
    raise SystemExit(2)


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        fail(message)


def as_map(value: Any) -> Map:
    return value if isinstance(value, Map) else Map()


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


class Check:
    """One pass over a workflow; `findings` grows in reading order."""

    def __init__(self, workflow: Map, allow_first_party: bool) -> None:
        self.workflow = workflow
        self.allow_first_party = allow_first_party
        self.findings: list[dict[str, Any]] = []
        self.triggers = {str(event) for event in as_list(workflow["on"])} | set(as_map(workflow["on"]))
        self.job: str | None = None
        self.step: str | None = None

    def add(self, code: str, line: int, reason: str) -> None:
        rule, severity, fix = RULES[code]
        self.findings.append({"code": code, "rule": rule, "severity": severity, "job": self.job, "step": self.step,
                              "line": line, "reason": reason, "fix": fix})

    def run(self) -> None:
        jobs = as_map(self.workflow["jobs"])
        self.permissions(self.workflow, len(jobs))
        self.unsecure_env(self.workflow)
        for name, body in jobs.items():
            if not isinstance(body, Map):
                fail(f"job `{name}` is not a mapping")
            self.job, self.step = name, None
            self.check_job(name, body, jobs.line(name))
            for number, step in enumerate(as_list(body.get("steps")), start=1):
                if not isinstance(step, Map):
                    fail(f"step {number} of job `{name}` is not a mapping")
                self.step = str(step.get("id") or step.get("name") or f"#{number}")
                self.check_step(step, body)
            self.job = self.step = None

    def permissions(self, holder: Map, jobs: int) -> None:
        granted = holder.get("permissions")
        wide = sorted(scope for scope, level in as_map(granted).items() if level == "write")
        if granted == "write-all":
            self.add("GHA003", holder.line("permissions"), "`write-all` hands every scope of the token to every step")
        elif wide and jobs > 1:
            self.add("GHA004", holder.line("permissions"), f"{', '.join(wide)}: write for all {jobs} jobs")

    def unsecure_env(self, holder: Map) -> None:
        if str(as_map(holder.get("env")).get("ACTIONS_ALLOW_UNSECURE_COMMANDS")).lower() == "true":
            self.add("GHA016", holder.line("env"), "ACTIONS_ALLOW_UNSECURE_COMMANDS turns disabled commands on again")

    def check_job(self, name: str, job: Map, line: int) -> None:
        called = job.get("uses")
        if called is not None:
            self.pinned(str(called), job.line("uses"))
            if job.get("secrets") == "inherit" and not str(called).startswith("./"):
                self.add("GHA020", job.line("secrets"), f"`{called}` receives every secret of this repository")
        elif "timeout-minutes" not in job:
            self.add("GHA008", line, "a hung step holds the runner for six hours")
        self.permissions(job, 1)
        if "permissions" not in job and "permissions" not in self.workflow:
            self.add("GHA002", line, "the token gets the repository's default scopes")
        self.unsecure_env(job)
        self.runner(job, line)
        self.deployment(name, job, line)

    def runner(self, job: Map, line: int) -> None:
        runs_on = job.get("runs-on")
        labels = [str(label) for label in as_list(runs_on.get("labels") if isinstance(runs_on, Map) else runs_on)]
        where = job.line("runs-on") if "runs-on" in job else line
        matrix = as_map(as_map(job.get("strategy")).get("matrix"))
        for label in list(labels):
            if found := re.fullmatch(r"\$\{\{\s*matrix\.([\w-]+)\s*\}\}", label):
                labels += [str(value) for value in as_list(matrix.get(found[1]))]
                labels += [str(row[found[1]]) for row in as_list(matrix.get("include")) if found[1] in as_map(row)]
        if "self-hosted" in labels and self.triggers & {"pull_request", "pull_request_target"}:
            self.add("GHA014", where, "a pull request can run its own code on the organisation's machine")
        for label in labels:
            image = re.sub(r"-(?:arm|large|xlarge|intel)$", "", label)
            if image in RETIRED:
                self.add("GHA017", where, f"`{label}` was retired on {RETIRED[image]}; the job is refused")
            elif image in DEPRECATED:
                self.add("GHA018", where, f"`{label}` is deprecated and will be retired on {DEPRECATED[image]}")

    def deployment(self, name: str, job: Map, line: int) -> None:
        runs = "\n".join(str(as_map(step).get("run", "")) for step in as_list(job.get("steps")))
        named = DEPLOY_NAME.search(name) or DEPLOY_NAME.search(str(job.get("name", "")))
        if not (named or "environment" in job or DEPLOY_RUN.search(runs)):
            return
        if "environment" not in job and "uses" not in job:
            self.add("GHA010", line, "a deployment without an environment has no approval and no record")
        holder = job if "concurrency" in job else self.workflow
        if "concurrency" not in holder:
            self.add("GHA009", line, "two deployments can run at once and the older one can win")
        elif as_map(holder["concurrency"]).get("cancel-in-progress") is True:
            self.add("GHA019", holder.line("concurrency"), "a newer run stops a deployment halfway")

    def pinned(self, uses: str, line: int) -> None:
        if uses.startswith("./") or (self.allow_first_party and uses.startswith(("actions/", "github/"))):
            return
        ref = uses.rpartition("@")[2] if "@" in uses else ""
        if not (PIN.fullmatch(ref) or re.fullmatch(r"sha256:[0-9a-f]{64}", ref)):
            self.add("GHA001", line, f"`{uses}` names something its owner can move")

    def check_step(self, step: Map, job: Map) -> None:
        given = as_map(step.get("with"))
        if "uses" in step:
            uses = str(step["uses"])
            self.pinned(uses, step.line("uses"))
            if uses.startswith("actions/checkout@"):
                self.fork_code(f"{given.get('ref', '')} {given.get('repository', '')}", FORK_HEAD, step.line("uses"))
            if uses.startswith("actions/github-script@"):
                self.injection(str(given.get("script", "")), step.line("with"))
        self.unsecure_env(step)
        if "run" in step:
            self.shell(str(step["run"]), step, job)

    def fork_code(self, text: str, pattern: re.Pattern[str], line: int) -> None:
        privileged = self.triggers & {"pull_request_target", "workflow_run"}
        if privileged and pattern.search(text):
            self.add("GHA005", line, f"`{min(privileged)}` runs with secrets and a write token on code of the fork")

    def shell(self, run: str, step: Map, job: Map) -> None:
        line = step.line("run")
        script = re.sub(r"\\\n\s*", " ", run)
        self.fork_code(script, FORK_FETCH, line)
        self.injection(script, line)
        self.secrets(script, line, [self.workflow, job, step])
        if FETCHED_SHELL.search(script):
            self.add("GHA013", line, "what the server answers at that moment is run unread")
        for command in sorted(set(re.findall(r"::(set-output|save-state)\b", script))):
            self.add("GHA015", line, f"`::{command}` is deprecated")
        for command in sorted(set(re.findall(r"::(set-env|add-path)\b", script))):
            self.add("GHA016", line, f"`::{command}` is disabled on every runner")

    def injection(self, script: str, line: int) -> None:
        for expression in EXPRESSION.findall(script):
            plain = re.sub(r"\[\s*['\"]?([\w*-]+)['\"]?\s*\]", r".\1", expression)
            plain = re.sub(r"\b(?:contains|startsWith|endsWith)\([^()]*\)", "", plain)
            for path in re.findall(r"\b(github\.head_ref|github\.event(?:\.[\w*-]+)*|inputs\.[\w-]+)(?![\w-])", plain):
                if path.startswith(("inputs.", "github.event.inputs.")):
                    self.add("GHA007", line, f"`{path}` becomes part of the script")
                elif path.rpartition(".")[2] not in SAFE_LEAF:
                    self.add("GHA006", line, f"`{path}` is written by an outsider and becomes part of the script")

    def secrets(self, script: str, line: int, holders: list[Map]) -> None:
        held = {name for holder in holders for name, value in as_map(holder.get("env")).items()
                if re.search(r"\bsecrets\b", str(value))}
        printed = [text for row in script.replace(">&2", "").splitlines() for text in PRINTS.findall(row)]
        names = sorted(name for name in held if any(re.search(rf"\$\{{?{re.escape(name)}\b", text) for text in printed))
        inline = any(re.search(r"\bsecrets\b", expression) for expression in EXPRESSION.findall(script))
        if names or any("secrets." in text for text in printed) or re.search(r"toJSON\(\s*secrets\s*\)", script):
            self.add("GHA011", line, f"the log receives {', '.join(names) or 'a secret'}")
        elif inline:
            self.add("GHA012", line, "the secret is pasted into the script before the shell reads it")


def load(source: str) -> Map:
    try:
        raw = sys.stdin.buffer.read(MAX_BYTES + 1) if source == "-" else Path(source).read_bytes()
        if len(raw) > MAX_BYTES:
            fail(f"`{source}` is larger than {MAX_BYTES} bytes")
        workflow = yaml.load(raw.decode("utf-8"), Loader=Loader)
    except OSError as problem:
        fail(f"cannot read `{source}`: {problem.strerror}")
    except UnicodeDecodeError:
        fail(f"`{source}` is not UTF-8 text")
    except (yaml.YAMLError, RecursionError) as problem:
        fail(f"`{source}` is not valid YAML: {problem}")
    if not isinstance(workflow, Map) or not isinstance(workflow.get("jobs"), Map) or not workflow.get("on"):
        fail(f"`{source}` is not a workflow: `on` and `jobs` are needed")
    return workflow


def main() -> int:
    parser = Parser(description="Check one GitHub Actions workflow.")
    parser.add_argument("workflow", help="path of the workflow, or - for standard input")
    parser.add_argument("--allow-first-party", action="store_true", help="accept tags for actions/* and github/*")
    parser.add_argument("--fail-on", choices=["error", "warning"], default="warning", help="lowest severity that fails")
    options = parser.parse_args()
    workflow = load(options.workflow)
    check = Check(workflow, options.allow_first_party)
    check.run()
    findings = sorted(check.findings, key=lambda item: (item["line"], item["code"], item["reason"]))
    counts = {level: sum(item["severity"] == level for item in findings) for level in ("error", "warning")}
    failed = counts["error"] > 0 or (options.fail_on == "warning" and counts["warning"] > 0)
    print(json.dumps({"file": options.workflow, "ok": not failed, "counts": counts, "findings": findings}, indent=2))
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
