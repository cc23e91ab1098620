"""The Python that a skill's scripts run on: the standard library, the script's own folder, and PyYAML.

It is a virtual environment of its own, so that what an agent's Python lacks is missing in an eval as well: none of
the packages that `skillctl` itself needs can be imported. `yaml` is the one exception, because skills may ask for it
in `compatibility`. A script's siblings can be imported, as they can by `python scripts/<name>.py`.
"""

import importlib.util
import os
import sys
import sysconfig
from pathlib import Path

from skillctl.errors import Unreachable


def furnish(folder: Path, *, linked: bool) -> Path:
    """Make the environment in `folder` and say where in it PyYAML belongs: linked to it, or an empty folder."""
    interpreter = Path(os.path.realpath(getattr(sys, "_base_executable", sys.executable)))
    (folder / "bin").mkdir(parents=True)
    for name in ("python", "python3"):
        (folder / "bin" / name).symlink_to(interpreter)
    (folder / "pyvenv.cfg").write_text(
        f"home = {interpreter.parent}\ninclude-system-site-packages = false\n", encoding="utf-8"
    )
    yaml = Path(sysconfig.get_path("purelib", "venv", {"base": str(folder)})) / "yaml"
    yaml.parent.mkdir(parents=True)
    if linked:
        yaml.symlink_to(package_of_yaml())
    else:
        yaml.mkdir()
    return yaml


def package_of_yaml() -> Path:
    """The folder of PyYAML that `skillctl` itself uses."""
    found = importlib.util.find_spec("yaml")
    if found is None or found.origin is None:
        raise Unreachable("PyYAML is not installed", hint="install `skillctl` again")
    return Path(found.origin).parent


def installation() -> Path:
    """The folder of the interpreter and its standard library."""
    return Path(os.path.realpath(sys.base_prefix))
