"""Check Kubernetes manifests for DigitalOcean Kubernetes (DOKS) before they are applied.

Sources of the rules:
- Kubernetes documentation: "Deprecated API Migration Guide", "Pod Security Standards", "Disruptions", "Probes".
- DigitalOcean documentation: "Kubernetes Limits", "Add Volumes" (ReadWriteOnce), "Configure Load Balancers".

Input is YAML (several documents, safe loader) or JSON, from a file or `-`. All documents are judged together.
Exit codes: 0 no error and no warning, 1 findings, 2 bad input.
"""

import argparse
import json
import math
import re
import sys
from pathlib import Path
from typing import Any

import yaml

MAX_BYTES = 1_000_000
SECRET_NAME = re.compile(r"(?i)(PASSWORD|PASSWD|SECRET|TOKEN|(API|ACCESS|PRIVATE|SECRET)_?KEY|CREDENTIALS?)$")
SECRET_VALUE = re.compile(r"://[^/\s:@]*:[^@\s/]+@|-----BEGIN [A-Z ]*PRIVATE KEY|\bdop_v1_[0-9a-f]{64}")
DANGEROUS = {"ALL", "SYS_ADMIN", "NET_ADMIN", "SYS_PTRACE", "SYS_MODULE", "DAC_READ_SEARCH", "BPF"}
LB = "service.beta.kubernetes.io/do-loadbalancer-"
# Every other code is an error; causes and cures of all codes are in references/rules.md.
WARNINGS = {"K8S002", "K8S003", "K8S004", "K8S012", "K8S030", "K8S032", "K8S033", "K8S041", "K8S051", "K8S061"}
NOTES = {"K8S005"}
# apiVersion, first Kubernetes version that no longer serves it, replacement, kinds
REMOVED = [line.split() for line in """
extensions/v1beta1 1.16 apps/v1 Deployment DaemonSet ReplicaSet
extensions/v1beta1 1.16 networking.k8s.io/v1 NetworkPolicy
extensions/v1beta1 1.22 networking.k8s.io/v1 Ingress
apps/v1beta1 1.16 apps/v1 Deployment StatefulSet
apps/v1beta2 1.16 apps/v1 Deployment StatefulSet DaemonSet ReplicaSet
networking.k8s.io/v1beta1 1.22 networking.k8s.io/v1 Ingress IngressClass
rbac.authorization.k8s.io/v1beta1 1.22 rbac.authorization.k8s.io/v1 Role RoleBinding ClusterRole ClusterRoleBinding
apiextensions.k8s.io/v1beta1 1.22 apiextensions.k8s.io/v1 CustomResourceDefinition
storage.k8s.io/v1beta1 1.22 storage.k8s.io/v1 StorageClass CSIDriver CSINode VolumeAttachment
batch/v1beta1 1.25 batch/v1 CronJob
policy/v1beta1 1.25 policy/v1 PodDisruptionBudget
policy/v1beta1 1.25 pod-security-admission PodSecurityPolicy
autoscaling/v2beta1 1.25 autoscaling/v2 HorizontalPodAutoscaler
autoscaling/v2beta2 1.26 autoscaling/v2 HorizontalPodAutoscaler
""".strip().splitlines()]


class BadInput(Exception):
    """What was given is no set of manifests; the message says why."""


def at(value: Any, *keys: str) -> Any:
    """The value below `keys`, or None where the way does not exist."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def table(value: Any, *keys: str) -> dict[str, Any]:
    """The mapping below `keys`; empty for anything else."""
    found = at(value, *keys)
    return found if isinstance(found, dict) else {}


def rows(value: Any, *keys: str, kind: type = dict) -> list[Any]:
    """The mappings, or what else `kind` says, of the list below `keys`; empty for anything else."""
    found = at(value, *keys)
    return [item for item in found if isinstance(item, kind)] if isinstance(found, list) else []


class Item:
    """One Kubernetes object: what identifies it and, for workloads, its pod template."""

    def __init__(self, body: dict[str, Any]) -> None:
        self.body, self.kind, self.api = body, str(body["kind"]), str(body["apiVersion"])
        self.name, self.space = (str(at(body, "metadata", key) or "default") for key in ("name", "namespace"))
        self.id = f"{self.kind}/{self.space}/{self.name}"
        way = {"Pod": [], "CronJob": ["spec", "jobTemplate", "spec", "template"]}.get(self.kind, ["spec", "template"])
        self.path = ".".join([*way, "spec"])
        self.pod = table(body, *way, "spec") if rows(body, *way, "spec", "containers") else {}
        self.labels = table(body, *way, "metadata", "labels")
        replicas = at(body, "spec", "replicas")
        self.replicas = replicas if isinstance(replicas, int) else 1


class Report:
    """The objects together and the findings on them."""

    def __init__(self, items: list[Item]) -> None:
        self.items, self.workloads = items, [item for item in items if item.pod]
        self.findings: list[dict[str, str]] = []

    def add(self, code: str, item: Item, path: str, message: str) -> None:
        """Note a finding of rule `code` on an object, at a path in it."""
        level = "info" if code in NOTES else "warning" if code in WARNINGS else "error"
        self.findings.append({"code": code, "severity": level, "object": item.id, "path": path, "message": message})

    def of(self, *kinds: str) -> list[Item]:
        """The objects of some kinds."""
        return [item for item in self.items if item.kind in kinds]


def matches(selector: Any, labels: dict[str, Any]) -> bool:
    """Whether a label selector (matchLabels, matchExpressions) selects the labels; no selector selects nothing."""
    for rule in rows(selector, "matchExpressions"):
        value, there = labels.get(str(rule.get("key"))), str(rule.get("key")) in labels
        chosen = there and value in rows(rule, "values", kind=str)
        if not {"In": chosen, "NotIn": not chosen, "Exists": there}.get(str(rule.get("operator")), not there):
            return False
    return isinstance(selector, dict) and table(selector, "matchLabels").items() <= labels.items()


def check_security(report: Report, item: Item, path: str, container: dict[str, Any]) -> None:
    """The security context of a container, with what it takes over from its pod."""
    own, where = table(container, "securityContext"), f"{path}.securityContext"
    both = {**table(item.pod, "securityContext"), **own}
    if own.get("privileged") is True:
        report.add("K8S010", item, f"{where}.privileged", "the container is privileged")
    if both.get("runAsNonRoot") is not True or both.get("runAsUser") == 0:
        report.add("K8S011", item, where, "the container may run as root")
    if own.get("allowPrivilegeEscalation") is not False:
        report.add("K8S012", item, where, "the container may gain privileges")
    added = {name.removeprefix("CAP_") for name in rows(own, "capabilities", "add", kind=str)} & DANGEROUS
    if added:
        report.add("K8S013", item, f"{where}.capabilities.add", f"adds {', '.join(sorted(added))}")


def check_container(report: Report, item: Item, path: str, container: dict[str, Any], serving: bool) -> None:
    """One container; probes only where it serves."""
    image = str(container.get("image") or "")
    if image.rpartition("/")[2].partition(":")[2] in ("", "latest"):
        report.add("K8S001", item, f"{path}.image", f"image `{image}` has no fixed version")
    for group, name, code in (("requests", "cpu", "K8S002"), ("requests", "memory", "K8S002"),
                              ("limits", "memory", "K8S003")):
        if at(container, "resources", group, name) is None:
            report.add(code, item, f"{path}.resources.{group}.{name}", f"no {name} in {group}")
    for probe, code in (("readinessProbe", "K8S004"), ("livenessProbe", "K8S005")):
        if serving and not container.get(probe):
            report.add(code, item, f"{path}.{probe}", f"no {probe}")
    check_security(report, item, path, container)
    for number, env in enumerate(rows(container, "env")):
        name, value = str(env.get("name")), str(env.get("value") or "")
        if SECRET_VALUE.search(value) or (value and SECRET_NAME.search(name)):
            report.add("K8S060", item, f"{path}.env[{number}].value", f"`{name}` holds a secret in plain text")


def check_pods(report: Report) -> None:
    """Pod templates and their containers."""
    for item in report.workloads:
        for name in ("hostNetwork", "hostPID", "hostIPC"):
            if item.pod.get(name) is True:
                report.add("K8S021", item, f"{item.path}.{name}", f"{name} is on")
        for number, volume in enumerate(rows(item.pod, "volumes")):
            if "hostPath" in volume:
                report.add("K8S020", item, f"{item.path}.volumes[{number}].hostPath", "mounts a path of the node")
        for group in ("initContainers", "containers"):
            serving = group == "containers" and item.kind in ("Deployment", "StatefulSet", "DaemonSet")
            for number, container in enumerate(rows(item.pod, group)):
                check_container(report, item, f"{item.path}.{group}[{number}]", container, serving)


def check_objects(report: Report, target: int) -> None:
    """API versions against the minor version 1.`target`, selectors of workloads, committed secrets."""
    for item in report.items:
        for api, gone, instead, *kinds in REMOVED:
            if item.api == api and item.kind in kinds:
                code = "K8S040" if target >= int(gone[2:]) else "K8S041"
                report.add(code, item, "apiVersion", f"{api} is not served from {gone} on; use {instead}")
        selector = at(item.body, "spec", "selector")
        if item.pod and item.kind in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet") and (
                not selector or not matches(selector, item.labels)):
            report.add("K8S050", item, "spec.selector", "the selector does not match the pod template's labels")
        for field in ("data", "stringData"):
            if item.kind == "Secret" and item.body.get(field):
                report.add("K8S061", item, field, "a Secret with its content in the manifest")


def allowed(budget: dict[str, Any], replicas: int) -> int:
    """How many of `replicas` pods a PodDisruptionBudget spec lets go at once; percentages round up."""
    field = "maxUnavailable" if budget.get("maxUnavailable") is not None else "minAvailable"
    match = re.fullmatch(r"([0-9]+)(%?)", str(budget.get(field) or 0))
    number = int(match[1]) if match else 0
    number = math.ceil(number * replicas / 100) if match and match[2] else number
    return number if field == "maxUnavailable" else replicas - number


def check_availability(report: Report) -> None:
    """Replicas, autoscalers and PodDisruptionBudgets."""
    fewest, covered = {item.id: item.replicas for item in report.of("Deployment", "StatefulSet")}, set()
    for scaler in report.of("HorizontalPodAutoscaler"):
        target, least = table(scaler.body, "spec", "scaleTargetRef"), at(scaler.body, "spec", "minReplicas")
        fewest[f"{target.get('kind')}/{scaler.space}/{target.get('name')}"] = least if isinstance(least, int) else 1
    for budget in report.of("PodDisruptionBudget"):
        chosen = [item for item in report.workloads if item.id in fewest and item.space == budget.space
                  and matches(at(budget.body, "spec", "selector"), item.labels)]
        covered |= {item.id for item in chosen}
        if not chosen:
            report.add("K8S033", budget, "spec.selector", "the budget selects no workload of this input")
        for item in chosen:
            if fewest[item.id] and allowed(table(budget.body, "spec"), fewest[item.id]) < 1:
                report.add("K8S031", budget, "spec", f"no pod of {item.id} may ever be evicted")
    for item in report.of("Deployment", "StatefulSet"):
        if fewest[item.id] == 1 and item.kind == "Deployment":
            report.add("K8S030", item, "spec.replicas", "a single replica")
        if fewest[item.id] > 1 and item.id not in covered:
            report.add("K8S032", item, "spec.replicas", f"{fewest[item.id]} replicas without a PodDisruptionBudget")


def check_services(report: Report) -> None:
    """Selectors and ports of services, and TLS of DigitalOcean load balancers."""
    for service in report.of("Service"):
        spec, notes = table(service.body, "spec"), table(service.body, "metadata", "annotations")
        if spec.get("type") == "LoadBalancer" and notes.get(LB + "protocol") in ("https", "http2", "http3") and not (
                notes.get(LB + "certificate-id") or notes.get(LB + "tls-passthrough") == "true"):
            report.add("K8S072", service, "metadata.annotations", "TLS on the load balancer without a certificate")
        selector = table(spec, "selector")
        chosen = [item for item in report.workloads
                  if selector and item.space == service.space and selector.items() <= item.labels.items()]
        if selector and not chosen:
            report.add("K8S051", service, "spec.selector", "the service selects no workload of this input")
        ports = [port for item in chosen for each in rows(item.pod, "containers") for port in rows(each, "ports")]
        known = {str(port.get(key)) for port in ports for key in ("name", "containerPort")}
        for number, port in enumerate(rows(spec, "ports")):
            wanted = port.get("targetPort", port.get("port"))
            if chosen and str(wanted) not in known and (ports or isinstance(wanted, str)):
                report.add("K8S052", service, f"spec.ports[{number}].targetPort", f"no container port `{wanted}`")


def check_storage(report: Report) -> None:
    """Volume claims on DigitalOcean block storage, which attaches to one node."""
    claims = [(item, "spec", table(item.body, "spec")) for item in report.of("PersistentVolumeClaim")]
    for item in report.of("StatefulSet"):
        claims += [(item, f"spec.volumeClaimTemplates[{number}].spec", table(claim, "spec"))
                   for number, claim in enumerate(rows(item.body, "spec", "volumeClaimTemplates"))]
    claims = [entry for entry in claims if "do-block" in str(entry[2].get("storageClassName", "do-block-storage"))]
    for item, path, spec in claims:
        if {"ReadWriteMany", "ReadOnlyMany"} & set(rows(spec, "accessModes", kind=str)):
            report.add("K8S070", item, f"{path}.accessModes", "DigitalOcean block storage is ReadWriteOnce")
    single = {(item.space, item.name) for item, _, _ in claims if item.kind == "PersistentVolumeClaim"}
    for item in report.of("Deployment"):
        recreated = at(item.body, "spec", "strategy", "type") == "Recreate" and item.replicas <= 1
        for number, volume in enumerate(rows(item.pod, "volumes")):
            name = str(at(volume, "persistentVolumeClaim", "claimName"))
            if (item.space, name) in single and not recreated:
                report.add("K8S071", item, f"{item.path}.volumes[{number}]", f"two pods may need `{name}` at once")


def load(path: str) -> list[Item]:
    """The objects of a file or, for `-`, of standard input; lists are taken apart."""
    try:
        data = sys.stdin.buffer.read(MAX_BYTES + 1) if path == "-" else Path(path).read_bytes()
        if len(data) > MAX_BYTES:
            raise BadInput(f"{path} is larger than {MAX_BYTES} bytes")
        documents = [body for body in yaml.safe_load_all(data.decode("utf-8")) if body is not None]
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else ""
        raise BadInput(f"{path} is not YAML{where}; render templates first with `helm template`") from error
    found = [entry for body in documents for entry in (rows(body, "items") if at(body, "kind") == "List" else [body])]
    if not found or not all(at(entry, "kind") and at(entry, "apiVersion") for entry in found):
        raise BadInput(f"{path} holds no object, or one without `kind` or `apiVersion`")
    return [Item(entry) for entry in found]


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line."""

    def error(self, message: str) -> None:  # type: ignore[override]
        raise BadInput(message)


def main(argv: list[str]) -> int:
    """Run the command line; return the exit code."""
    parser = Parser(prog="check_manifest.py", description="Check Kubernetes manifests for DOKS.")
    parser.add_argument("file", help="YAML or JSON file, or - for standard input")
    parser.add_argument("--kubernetes-version", default="1.32", help="version of the cluster, such as 1.32")
    try:
        args = parser.parse_args(argv)
        if not re.fullmatch(r"1\.[0-9]{1,3}", args.kubernetes_version):
            raise BadInput(f"kubernetes version {args.kubernetes_version!r} is not like 1.32")
        report = Report(load(args.file))
    except BadInput as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    check_objects(report, int(args.kubernetes_version[2:]))
    for check in (check_pods, check_availability, check_services, check_storage):
        check(report)
    found = sorted(report.findings, key=lambda entry: (entry["code"], entry["object"], entry["path"]))
    counts = {level: sum(entry["severity"] == level for entry in found) for level in ("error", "warning", "info")}
    ok = not counts["error"] and not counts["warning"]
    print(json.dumps({"ok": ok, "objects": len(report.items), "counts": counts, "findings": found}, indent=2))
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
