"""Lint the `__manifest__.py` of one Odoo module.

Sources of the rules:
- Odoo developer documentation, "Module Manifests": keys, types, `auto_install`, `external_dependencies`, `assets`.
- OCA contribution guidelines and pylint-odoo: version `<series>.x.y.z`, author, website, licenses, maintainers,
  development status, deprecated and superfluous keys, duplicated data files.
- Odoo loads `data` in the listed order, so access rights come before what uses them.

The manifest is parsed, never run: one literal dictionary, `ast.literal_eval` only. Input is a file or `-`.
Exit codes: 0 no error and no warning, 1 findings, 2 bad input.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

MAX_BYTES = 200_000
OCA_AUTHOR = "Odoo Community Association (OCA)"
OCA_WEBSITE = re.compile(r"https://github\.com/OCA/[A-Za-z0-9._-]+/?")
WEBSITE = re.compile(r"https?://[^\s/]+\.[^\s/]+\S*")
VERSION = re.compile(r"([0-9]+\.0)\.[0-9]+\.[0-9]+\.[0-9]+")
SERIES = re.compile(r"[0-9]+\.0")
MODULE = re.compile(r"[a-z][a-z0-9_]*")
LOGIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9]|-(?=[A-Za-z0-9])){0,38}")
OCA_LICENSES = {"AGPL-3", "GPL-2", "GPL-2 or any later version", "GPL-3", "GPL-3 or any later version", "LGPL-3"}
LICENSES = OCA_LICENSES | {"Other OSI approved licence", "OEEL-1", "OPL-1", "Other proprietary"}
STATUSES = {"Alpha", "Beta", "Production/Stable", "Mature"}
DEPRECATED = {
    "active": "use `auto_install`", "init_xml": "use `data`", "update_xml": "use `data`", "demo_xml": "use `demo`",
}
ASSETS_SINCE = 15
TYPES: dict[str, tuple[type, ...]] = {
    "name": (str,), "version": (str,), "summary": (str,), "description": (str,), "author": (str,), "website": (str,),
    "license": (str,), "category": (str,), "depends": (list,), "data": (list,), "demo": (list,), "qweb": (list,),
    "auto_install": (bool, list), "application": (bool,), "installable": (bool,), "external_dependencies": (dict,),
    "assets": (dict,), "maintainers": (list,), "development_status": (str,), "sequence": (int,), "images": (list,),
    "pre_init_hook": (str,), "post_init_hook": (str,), "uninstall_hook": (str,), "post_load": (str,),
    "price": (int, float), "currency": (str,), "live_test_url": (str,), "countries": (list,), "excludes": (list,),
    "maintainer": (str,), "support": (str,), "contributors": (list,), "url": (str,), "icon": (str,),
    "bootstrap": (bool,), "cloc_exclude": (list,), "new_page_templates": (dict,), "theme_customizations": (dict,),
    "configurator_snippets": (dict,), "web": (bool,), "active": (bool,), "init_xml": (list,),
    "update_xml": (list,), "demo_xml": (list,),
}
DEFAULTS: dict[str, object] = {
    "installable": True, "application": False, "auto_install": False, "data": [], "demo": [], "summary": "",
}
AFTER_SECURITY = {"views", "view", "wizard", "wizards", "report", "reports", "templates"}


class BadInput(Exception):
    """The text is no manifest at all; the message says why."""


class Manifest:
    """The literal dictionary with the line of each key and list item, and the findings on it."""

    def __init__(self, node: ast.Dict, values: dict[str, object]) -> None:
        self.node = node
        self.values = values
        self.lines = {key.value: key.lineno for key in node.keys if isinstance(key, ast.Constant)}
        self.items = {key.value: [item.lineno for item in value.elts]
                      for key, value in zip(node.keys, node.values, strict=True)
                      if isinstance(key, ast.Constant) and isinstance(value, ast.List)}
        self.findings: list[dict[str, object]] = []

    def add(self, code: str, severity: str, key: str, message: str, hint: str, item: int | None = None) -> None:
        """Note a finding at the line of `key`, or of its list item number `item`."""
        line = self.lines.get(key, self.node.lineno)
        if item is not None and item < len(self.items.get(key, [])):
            line = self.items[key][item]
        self.findings.append({"code": code, "severity": severity, "key": key, "line": line, "message": message,
                              "hint": hint})

    def text(self, key: str) -> str | None:
        """The value of a key where it is text."""
        value = self.values.get(key)
        return value if isinstance(value, str) else None

    def names(self, key: str) -> Iterator[tuple[int, str]]:
        """Number and text of the text items of a list."""
        value = self.values.get(key)
        for number, item in enumerate(value if isinstance(value, list) else []):
            if isinstance(item, str):
                yield number, item


def parse(text: str) -> Manifest:
    """Read one literal dictionary; raise `BadInput` for anything else."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            body = ast.parse(text.lstrip("\ufeff"), mode="eval").body
        if not isinstance(body, ast.Dict):
            raise BadInput("the manifest is not one dictionary literal")
        values = ast.literal_eval(body)
    except SyntaxError as error:
        raise BadInput(f"line {error.lineno or 1}: {error.msg}") from error
    except (ValueError, TypeError, RecursionError, MemoryError) as error:
        raise BadInput("the manifest holds something that is not a literal, such as a name or a call") from error
    if not all(isinstance(key, str) for key in values):
        raise BadInput("a key of the manifest is not text")
    return Manifest(body, values)


def check_keys(manifest: Manifest, oca: bool) -> None:
    """Required, unknown, repeated, deprecated, mistyped and superfluous keys."""
    for key in ["name", "version", "license", "author", "depends"] + (["website"] if oca else []):
        if key not in manifest.values:
            manifest.add("OM101", "error", key, f"required key `{key}` is missing", f"add `{key}`")
    seen: set[str] = set()
    for node in manifest.node.keys:
        key = str(node.value) if isinstance(node, ast.Constant) else ""
        if key in seen:
            manifest.add("OM104", "error", key, f"key `{key}` is given twice; the last one wins", "merge them")
        seen.add(key)
    for key, value in manifest.values.items():
        if key not in TYPES:
            manifest.add("OM103", "warning", key, f"unknown key `{key}`", "check the spelling or remove it")
        elif not isinstance(value, TYPES[key]) or (isinstance(value, bool) and bool not in TYPES[key]):
            wanted = " or ".join(kind.__name__ for kind in TYPES[key])
            manifest.add("OM102", "error", key, f"`{key}` is {type(value).__name__}, not {wanted}", f"give a {wanted}")
        if key in DEPRECATED:
            manifest.add("OM105", "error", key, f"key `{key}` is deprecated", DEPRECATED[key])
        if key in DEFAULTS and type(value) is type(DEFAULTS[key]) and value == DEFAULTS[key]:
            manifest.add("OM106", "info", key, f"`{key}` repeats its default", "remove it")
    if oca and "description" in manifest.values:
        manifest.add("OM107", "warning", "description", "`description` duplicates the readme fragments",
                     "move the text to readme/DESCRIPTION.md")


def check_version(manifest: Manifest, series: str | None) -> int | None:
    """The version pattern and series; return the major series where it is known."""
    version = manifest.text("version")
    match = VERSION.fullmatch(version) if version is not None else None
    if version is not None and not match:
        manifest.add("OM201", "error", "version", f"version `{version}` is not <series>.x.y.z",
                     "write it like 17.0.1.0.0")
    if match and series and match[1] != series:
        manifest.add("OM202", "error", "version", f"version is of series {match[1]}, the branch is {series}",
                     f"start the version with {series}")
    if manifest.values.get("installable") is False:
        manifest.add("OM203", "warning", "installable", "the module cannot be installed", "finish the migration")
    found = match[1] if match else series
    return int(found.split(".")[0]) if found else None


def check_people(manifest: Manifest, oca: bool) -> None:
    """License, author, website, maintainers and development status."""
    license_ = manifest.text("license")
    if license_ is not None and license_ not in LICENSES:
        manifest.add("OM301", "error", "license", f"license `{license_}` is unknown to Odoo",
                     "one of: " + ", ".join(sorted(LICENSES)))
    elif license_ is not None and oca and license_ not in OCA_LICENSES:
        manifest.add("OM302", "error", "license", f"license `{license_}` is not accepted by the OCA",
                     "one of: " + ", ".join(sorted(OCA_LICENSES)))
    author = manifest.text("author")
    if author is not None and oca and OCA_AUTHOR not in [name.strip() for name in author.split(",")]:
        manifest.add("OM401", "error", "author", f"author does not hold `{OCA_AUTHOR}`",
                     "append it after a comma")
    website = manifest.text("website")
    if website is not None and not (OCA_WEBSITE if oca else WEBSITE).fullmatch(website):
        manifest.add("OM402", "error" if oca else "warning", "website", f"website `{website}` is not a valid address",
                     "https://github.com/OCA/<repository>" if oca else "give a full http or https address")
    maintainers = manifest.values.get("maintainers")
    for number, login in enumerate(maintainers if isinstance(maintainers, list) else []):
        if not isinstance(login, str) or not LOGIN.fullmatch(login):
            manifest.add("OM403", "error", "maintainers", f"maintainer {login!r} is not a GitHub login",
                         "list GitHub logins", number)
    status = manifest.text("development_status")
    if status is not None and status not in STATUSES:
        manifest.add("OM404", "error", "development_status", f"development status `{status}` is unknown",
                     "one of: " + ", ".join(sorted(STATUSES)))


def check_depends(manifest: Manifest, module: str | None) -> None:
    """Dependencies on modules, `auto_install` and external dependencies."""
    depends = [name for _, name in manifest.names("depends")]
    if manifest.values.get("depends") == []:
        manifest.add("OM501", "warning", "depends", "`depends` is empty", "depend on `base` at least")
    for number, name in manifest.names("depends"):
        if not MODULE.fullmatch(name):
            manifest.add("OM502", "error", "depends", f"`{name}` is not a module name", "use the folder name", number)
        elif name in depends[:number]:
            manifest.add("OM503", "warning", "depends", f"`{name}` is listed twice", "remove one", number)
        elif name == module:
            manifest.add("OM504", "error", "depends", "the module depends on itself", "remove it", number)
    for number, name in manifest.names("auto_install"):
        if name not in depends:
            manifest.add("OM505", "error", "auto_install", f"`{name}` is not in `depends`", "add it there", number)
    external = manifest.values.get("external_dependencies")
    for kind, names in (external if isinstance(external, dict) else {}).items():
        if kind not in ("python", "bin", "deb"):
            manifest.add("OM506", "error", "external_dependencies", f"unknown kind `{kind}`", "use python, bin or deb")
        elif not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
            manifest.add("OM507", "error", "external_dependencies", f"`{kind}` is not a list of names",
                         f'write {{"{kind}": ["name"]}}')


def check_file(manifest: Manifest, key: str, number: int, name: str, major: int | None) -> None:
    """One file of `data` or `demo`: its path and kind."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name:
        manifest.add("OM601", "error", key, f"`{name}` leaves the module", "give a path inside the module", number)
    if path.suffix in (".js", ".css", ".scss", ".less") and (major or ASSETS_SINCE) >= ASSETS_SINCE:
        manifest.add("OM602", "error", key, f"`{name}` is an asset", "list it under `assets`", number)
    elif path.suffix not in (".xml", ".csv", ".sql"):
        manifest.add("OM603", "error", key, f"`{name}` is no xml, csv or sql file", "Odoo cannot load it", number)
    if key == "data" and path.parts[:1] == ("demo",):
        manifest.add("OM604", "warning", key, f"`{name}` is demo data", "list it under `demo`", number)


def check_data(manifest: Manifest, major: int | None) -> None:
    """Files of `data` and `demo`, their order, and `qweb` after it was replaced by `assets`."""
    for key in ("data", "demo"):
        earlier: set[str] = set()
        for number, name in manifest.names(key):
            if name in earlier:
                manifest.add("OM605", "error", key, f"`{name}` is listed twice", "remove one", number)
            earlier.add(name)
            check_file(manifest, key, number, name, major)
    user, access = None, None
    for number, name in manifest.names("data"):
        path = PurePosixPath(name)
        if path.parts[:1] == ("security",):
            if user:
                manifest.add("OM606", "error", "data", f"`{name}` is loaded after `{user}`", "security first", number)
            if access and path.suffix == ".xml" and "group" in path.stem:
                manifest.add("OM607", "error", "data", f"groups of `{name}` are loaded after `{access}` uses them",
                             "groups before access rights", number)
            access = access or (name if path.name == "ir.model.access.csv" else None)
        elif path.parts[:1] and path.parts[0] in AFTER_SECURITY:
            user = user or name
    if "qweb" in manifest.values and (major or ASSETS_SINCE) >= ASSETS_SINCE:
        manifest.add("OM608", "error", "qweb", "`qweb` is ignored since 15.0", "use `assets`: web.assets_qweb or newer")


def lint(text: str, args: argparse.Namespace) -> dict[str, object]:
    """All findings on one manifest, in order of lines, as a JSON-ready object."""
    manifest = parse(text)
    check_keys(manifest, args.oca)
    major = check_version(manifest, args.series)
    check_people(manifest, args.oca)
    check_depends(manifest, args.module)
    check_data(manifest, major)
    findings = sorted(manifest.findings, key=lambda found: (found["line"], found["code"]))
    counts = {level: sum(found["severity"] == level for found in findings) for level in ("error", "warning", "info")}
    return {"ok": not counts["error"] and not counts["warning"], "name": manifest.text("name"),
            "version": manifest.text("version"), "counts": counts, "findings": findings}


def read(path: str) -> str:
    """The text of a file or, for `-`, of standard input."""
    try:
        data = sys.stdin.buffer.read(MAX_BYTES + 1) if path == "-" else Path(path).read_bytes()
        if len(data) > MAX_BYTES:
            raise BadInput(f"{path} is larger than {MAX_BYTES} bytes")
        return data.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"cannot read {path}: {error}") from error


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line."""

    def error(self, message: str) -> None:  # type: ignore[override]
        raise BadInput(message)


def main(argv: list[str]) -> int:
    """Run the command line; return the exit code."""
    parser = Parser(prog="lint_manifest.py", description="Lint the manifest of one Odoo module.")
    parser.add_argument("file", help="path of __manifest__.py, or - for standard input")
    parser.add_argument("--oca", action="store_true", help="apply the rules of OCA repositories")
    parser.add_argument("--series", help="series of the branch, such as 17.0")
    parser.add_argument("--module", help="technical name of the module")
    try:
        args = parser.parse_args(argv)
        if args.series and not SERIES.fullmatch(args.series):
            raise BadInput(f"series {args.series!r} is not like 17.0")
        result = lint(read(args.file), args)
    except BadInput as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(json.dumps(result, indent=2))
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
