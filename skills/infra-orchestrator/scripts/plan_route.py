"""Decide which Odoo instance, which n8n and which specialist answer a request, or refuse it.

Source of every rule: the MCP Stack README of the fin-workspace (section 1 instances, 2.1 routing modes, 3.2 n8n,
3.4 Superset, 3.5 agents, 7 operational workflows). Each answer carries the lines it rests on.

Prints one JSON object. Exit code 0: a route; 1: refused by the policy; 2: an incomplete or contradictory request.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any, NoReturn

POLICY = {
    "1-lab": ("1", "Lab is for experiments and migrations only, never the source of truth for financials."),
    "1-erp": ("1", "ERP is authoritative for finance, SSC, and any production workflows."),
    "2.1-context": ("2.1", "Route based on company or workspace, module and operation type."),
    "2.1-override": ("2.1", "Agents can specify a target explicitly: scripts, batch jobs, migrations, and debugging."),
    "2.1-aggregation": ("2.1", "For cross-instance reporting the coordinator queries both instances; prefer to push "
                               "the merged data into a warehouse or Supabase, then Superset."),
    "2.1-primary": ("2.1", "`odoo_erp` is always the primary."),
    "2.1-fallback": ("2.1", "`odoo_lab` can be emergency read-only fallback for certain non-financial workflows."),
    "2.1-one-way": ("2.1", "We never route from `odoo_lab` to `odoo_erp` as a failover path."),
    "3.2-n8n": ("3.2", "Dev calls go to `n8n-dev`; prod calls go to `n8n-prod`."),
    "3.4-canonical": ("3.4", "Queries use Supabase or warehouse views as the canonical source, not live Odoo."),
    "3.5-k8s": ("3.5", "Kubernetes Genius is called for deep K8s problems."),
    "7-lab-first": ("7", "Test against `odoo_lab` and `n8n-dev` first, then promote to `odoo_erp` and `n8n-prod`."),
}
WORKSPACES = {"tbwa", "w9", "ssc", "insightpulse", "fin-workspace", "odoobo-migration-lab"}
FINANCIAL = {"accounting", "invoicing", "payables", "receivables", "expenses", "payroll", "tax", "withholding", "vat",
             "budget", "assets", "treasury", "ssc"}
BUSINESS = {"projects", "hr", "crm", "sales", "purchase", "inventory", "helpdesk", "timesheets"}
TECHNICAL = {"oca", "modules"}
PLATFORM = {"kubernetes": "kubernetes-genius", "doks": "kubernetes-genius", "ci": "devops-engineer",
            "deployment": "devops-engineer", "droplets": "devops-engineer", "n8n": "devops-engineer",
            "mattermost": "devops-engineer", "superset": "bi-architect", "warehouse": "bi-architect"}
READING = {"read", "report", "reconciliation"}
EXPERIMENTS = {"migration", "refactor", "test"}
OPERATIONS = {"write", "ssc-ticket"} | READING | EXPERIMENTS
AGGREGATED = READING | {"migration"}
N8N = {"odoo_erp": "n8n-prod", "odoo_lab": "n8n-dev"}
PLATFORM_N8N = {"prod": "n8n-prod", "dev": "n8n-dev"}
FALLBACK = {"odoo_erp": "odoo_lab"}
KEYS = {"workspace", "module", "operation", "target", "environment", "aggregate", "failover"}


class RefusedError(Exception):
    """The policy forbids the request."""

    def __init__(self, code: str, reason: str, lines: list[str], instead: str) -> None:
        super().__init__(reason)
        self.answer = {"decision": "refuse", "code": code, "reason": reason, "policy": cite(lines), "instead": instead}


def cite(lines: list[str]) -> list[dict[str, str]]:
    return [{"id": line, "section": POLICY[line][0], "text": POLICY[line][1]} for line in dict.fromkeys(lines)]


def fail(reason: str) -> NoReturn:
    print(f"error: {' '.join(reason.split())}", file=sys.stderr)
    raise SystemExit(2)


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        fail(message)


def check_words(request: dict[str, Any]) -> None:
    """Refuse unknown keys and values with exit code 2: nothing is guessed."""
    for key in sorted(set(request) - KEYS):
        fail(f"unknown key `{key}`; known are {', '.join(sorted(KEYS))}")
    modules = FINANCIAL | BUSINESS | TECHNICAL | set(PLATFORM)
    choices = {"workspace": WORKSPACES, "module": modules, "operation": OPERATIONS, "target": set(N8N),
               "environment": set(PLATFORM_N8N)}
    for key, known in choices.items():
        value = request.get(key)
        if value is None and key not in ("target", "environment"):
            fail(f"`{key}` is needed")
        if value is not None and (not isinstance(value, str) or value not in known):
            fail(f"unknown {key} `{value}`; known are {', '.join(sorted(known))}")
    for key in ("aggregate", "failover"):
        if not isinstance(request.get(key, False), bool):
            fail(f"`{key}` is true or false")


def check_sense(request: dict[str, Any]) -> None:
    """Refuse, with exit code 2, a request that contradicts itself."""
    module, environment = request["module"], request.get("environment")
    pinned = request.get("target") or request.get("failover")
    if request.get("aggregate") and pinned:
        fail("`aggregate` asks both instances, so `target` and `failover` contradict it")
    if module not in PLATFORM and environment:
        fail("`environment` belongs to platform modules; an Odoo request follows its instance")
    if module in PLATFORM and (pinned or request.get("aggregate")):
        fail(f"module `{module}` has no Odoo instance: leave out `target`, `aggregate` and `failover`")
    if module in PLATFORM and not environment:
        fail(f"module `{module}` needs `environment`: dev or prod")


def is_financial(request: dict[str, Any]) -> bool:
    return (request["module"] in FINANCIAL or request["workspace"] == "ssc"
            or request["operation"] in ("reconciliation", "ssc-ticket"))


def context(request: dict[str, Any]) -> tuple[str, str, list[str]]:
    """Return instance, reason and policy lines that workspace, module and operation give by themselves."""
    if request["operation"] in EXPERIMENTS:
        return "odoo_lab", f"`{request['operation']}` is lab work", ["2.1-context", "1-lab"]
    if is_financial(request):
        return "odoo_erp", "finance and SSC have one source of truth", ["2.1-context", "1-erp"]
    if request["module"] in TECHNICAL:
        return "odoo_lab", f"module `{request['module']}` is OCA work", ["2.1-context", "1-lab"]
    if request["workspace"] == "odoobo-migration-lab":
        return "odoo_lab", "the workspace is the migration lab", ["2.1-context", "1-lab"]
    return "odoo_erp", "production workflows run on the ERP", ["2.1-context", "1-erp"]


def specialist(request: dict[str, Any]) -> tuple[str | None, str]:
    """Return the skill that takes over and why; None where the orchestrator calls the Odoo server itself."""
    if request["module"] in PLATFORM:
        return PLATFORM[request["module"]], f"module `{request['module']}` is its field"
    if request["operation"] in ("migration", "refactor") and not request.get("aggregate"):
        return "odoo-developer", "Odoo and OCA technical work"
    if request.get("aggregate") or request["operation"] == "report":
        return "bi-architect", "reports come from Superset over warehouse views"
    if is_financial(request):
        return "finance-ssc", "SSC and finance workflow"
    if request["module"] in TECHNICAL:
        return "odoo-developer", "Odoo and OCA technical work"
    return None, "plain record work: call odoo-erp-server with this target"


def fail_over(request: dict[str, Any], instance: str) -> str:
    """Return the fallback of the instance, or raise RefusedError."""
    if instance not in FALLBACK:
        raise RefusedError("failover-lab-to-erp", "the lab is down and the ERP is never its fallback", ["2.1-one-way"],
                           "repair or rebuild `odoo_lab`; lab work waits")
    if is_financial(request):
        raise RefusedError("financial-failover", "finance and SSC have no fallback", ["2.1-fallback", "1-lab"],
                           "wait for `odoo_erp` and announce the outage in Mattermost")
    if request["operation"] not in ("read", "report"):
        raise RefusedError("write-in-failover", "the fallback is read-only", ["2.1-fallback", "2.1-primary"],
                           "queue the write as a job and run it when `odoo_erp` is back")
    if request.get("target") == "odoo_erp":
        fail("`target: odoo_erp` and `failover` contradict each other: its fallback is `odoo_lab`")
    return FALLBACK[instance]


def choose(request: dict[str, Any]) -> dict[str, Any]:
    """Return mode, instances, reasons, policy lines and warnings for an Odoo request, or raise RefusedError."""
    natural, reason, lines = context(request)
    target, operation = request.get("target"), request["operation"]
    if request.get("aggregate"):
        if operation not in AGGREGATED:
            raise RefusedError("aggregate-write", f"`{operation}` cannot run on two instances at once",
                               ["2.1-aggregation"], "read or report over both, then act on one instance")
        return {"mode": "aggregation", "names": ["odoo_erp", "odoo_lab"], "reasons": ["both instances are compared"],
                "lines": ["2.1-aggregation", "1-erp"], "warnings": ["where they differ, `odoo_erp` is right"]}
    if request.get("failover"):
        fallback = fail_over(request, natural)
        return {"mode": "failover", "names": [fallback], "reasons": [f"`{natural}` is down", "the request only reads"],
                "lines": ["2.1-primary", "2.1-fallback"], "warnings": ["say in the answer that lab data was read"]}
    if target is None:
        return {"mode": "context", "names": [natural], "reasons": [reason], "lines": lines, "warnings": []}
    if target == "odoo_lab" != natural and is_financial(request):
        raise RefusedError("lab-for-financial-truth", f"`{operation}` of `{request['module']}` needs the true records",
                           ["1-lab", "1-erp"], "leave out the target, or use operation `test` for an experiment")
    if target == natural:
        return {"mode": "override", "names": [target], "reasons": [reason], "lines": [*lines, "2.1-override"],
                "warnings": []}
    line, warning = {"odoo_erp": ("7-lab-first", "prove the change in `odoo_lab` and `n8n-dev` before the ERP"),
                     "odoo_lab": ("1-lab", "lab records are not production records")}[target]
    return {"mode": "override", "names": [target], "reasons": [f"explicit target instead of `{natural}`"],
            "lines": ["2.1-override", line], "warnings": [warning]}


def plan(request: dict[str, Any]) -> dict[str, Any]:
    """Return the route for a checked request, or raise RefusedError."""
    skill, why = specialist(request)
    if request["module"] in PLATFORM:
        n8n = PLATFORM_N8N[request["environment"]]
        field = {"kubernetes-genius": ["3.5-k8s"], "bi-architect": ["3.4-canonical"]}
        lines = ["3.2-n8n", *field.get(str(skill), [])]
        return {"decision": "route", "mode": "platform", "instances": [], "n8n": [n8n], "authoritative": False,
                "hand_over": skill, "reasons": [why], "policy": cite(lines), "warnings": []}
    chosen = choose(request)
    reading = chosen["mode"] in ("aggregation", "failover") or request["operation"] in READING - {"reconciliation"}
    access = "read" if reading else "write"
    lines = [*chosen["lines"], "3.2-n8n"] + (["3.4-canonical"] if skill == "bi-architect" else [])
    return {"decision": "route", "mode": chosen["mode"],
            "instances": [{"name": name, "access": access, "n8n": N8N[name]} for name in chosen["names"]],
            "n8n": [N8N[name] for name in chosen["names"]], "authoritative": chosen["names"] == ["odoo_erp"],
            "hand_over": skill, "reasons": [*chosen["reasons"], why], "policy": cite(lines),
            "warnings": chosen["warnings"]}


def read_request(options: argparse.Namespace) -> dict[str, Any]:
    flags = {key: getattr(options, key) for key in sorted(KEYS) if getattr(options, key)}
    if options.request is None:
        return flags
    if flags:
        fail("give the request as a file or as options, not both")
    try:
        text = sys.stdin.read() if options.request == "-" else Path(options.request).read_text(encoding="utf-8")
        request = json.loads(text)
    except OSError as problem:
        fail(f"cannot read `{options.request}`: {problem.strerror}")
    except (ValueError, RecursionError) as problem:
        fail(f"`{options.request}` is not valid JSON: {problem}")
    if not isinstance(request, dict):
        fail(f"`{options.request}` is not a JSON object")
    return request


def main() -> int:
    parser = Parser(description="Plan the route of one request.")
    parser.add_argument("request", nargs="?", help="JSON request, a path or - for standard input; or use the options")
    for key in ("workspace", "module", "operation", "target", "environment"):
        parser.add_argument(f"--{key}")
    for key in ("aggregate", "failover"):
        parser.add_argument(f"--{key}", action="store_true")
    request = read_request(parser.parse_args())
    check_words(request)
    check_sense(request)
    try:
        answer = plan(request)
    except RefusedError as refusal:
        print(json.dumps(refusal.answer, indent=2))
        return 1
    print(json.dumps(answer, indent=2))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
