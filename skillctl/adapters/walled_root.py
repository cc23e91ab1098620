"""The root folder that scripts see: the system's programs and the Python installation, and nothing else of the disk."""

import marshal
import os
import shutil
from collections.abc import Iterable, Iterator
from importlib.machinery import SourceFileLoader
from importlib.util import MAGIC_NUMBER, cache_from_source
from pathlib import Path

from skillctl.adapters import errand, keeper, kernel, messages, nameless, processes, room, scratch, script_python

#: Where the programs of the system lie.
SYSTEM_PATH = f"{os.defpath}:/usr/sbin:/sbin"

#: Run with the folder that `furnish` filled, and a command: the command sees the root folder, and no other mount.
# The skeleton is copied into memory, so that nothing of it has to lie on the disk for as long as the walls stand.
ENTER = """\
set -e
cd "$1"
shift
mount -t tmpfs -o mode=755,size=1m tmpfs mounted
cp -RP skeleton/. mounted
chmod -R a+rX mounted
mount -a -T fstab
cd mounted
mkdir old
pivot_root . old
cd /
umount -l /old
rmdir /old
mount -o remount,bind,ro,nosuid,nodev /
exec "$@"
"""

_TOP = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
# Not the whole of `/usr`: images keep the checkout in `/usr/src`.
_USR = (*_TOP, "libexec", "share", "local")
_ELSEWHERE = ("nix/store", "gnu/store", "etc/alternatives")
_DEVICES = ("null", "zero", "full", "random", "urandom")
_DEVICE_LINKS = {"fd": "", "stdin": "/0", "stdout": "/1", "stderr": "/2"}
_READ_ONLY = "ro,nosuid,nodev"
# How a compiled file says that it is known by a hash that nobody compares, and the room for the hash.
_UNCHECKED = (1).to_bytes(4, "little") + bytes(8)


def furnish(folder: Path) -> None:
    """Make the skeleton of the root, and the lines of `fstab` that fill it once it lies in `mounted`."""
    root, mounted = folder / "skeleton", folder / "mounted"
    for name in (*room.FOLDERS.values(), room.SCRATCH, "/proc", "/etc"):
        (root / name[1:]).mkdir(parents=True)
    mounted.mkdir()
    (root / "etc" / "passwd").write_text("root:x:0:0::/agent:/bin/sh\n", encoding="utf-8")
    (root / "etc" / "group").write_text("root:x:0:\n", encoding="utf-8")
    for name, number in _DEVICE_LINKS.items():
        (root / "dev" / name).symlink_to(f"/proc/self/fd{number}")
    _place_keeper(root / room.SCRATCH[1:])
    yaml = script_python.furnish(root / "python", linked=False)
    shown = [Path("/", name) for name in (*_TOP, *(f"usr/{name}" for name in _USR), *_ELSEWHERE)]
    installation = script_python.installation()
    if not any(installation.is_relative_to(folder) for folder in shown) and installation != Path("/usr"):
        shown.append(installation)
    lines = [_line(source, mounted, source, _READ_ONLY) for source in _shown(root, shown)]
    files = [*(Path("/dev", name) for name in _DEVICES), Path("/etc/ld.so.cache")]
    for file in filter(Path.exists, files):
        (root / file.relative_to("/")).touch()
        lines.append(_line(file, mounted, file, "rw,nosuid" if file.parts[1] == "dev" else "ro"))
    lines.append(_line(script_python.package_of_yaml(), mounted, Path("/", yaml.relative_to(root)), _READ_ONLY))
    # Only where one can be seen already may a new one be mounted; the keeper's own covers it.
    lines.append(f"/proc {_escaped(mounted / 'proc')} none rbind 0 0\n")
    (folder / "fstab").write_text("".join(lines), encoding="utf-8")


def _place_keeper(folder: Path) -> None:
    package = folder / "skillctl" / "adapters"
    package.mkdir(parents=True)
    for empty in (package.parent, package):
        (empty / "__init__.py").touch()
    for module in (errand, keeper, kernel, messages, nameless, processes, room, scratch):
        _place_compiled(module.__name__, str(module.__file__), Path(shutil.copy(str(module.__file__), package)))


def _place_compiled(name: str, ours: str, theirs: Path) -> None:
    """What Python compiled of the file already; an interpreter of another version reads the file itself."""
    code = SourceFileLoader(name, ours).get_code(name)
    place = Path(cache_from_source(str(theirs), optimization=""))
    place.parent.mkdir(exist_ok=True)
    # Taken as it is, whenever and from whatever it was made: as long as the walls stand, nobody can change either.
    place.write_bytes(MAGIC_NUMBER + _UNCHECKED + marshal.dumps(code))


def _shown(root: Path, folders: Iterable[Path]) -> Iterator[Path]:
    for folder in filter(os.path.lexists, folders):
        inside = root / folder.relative_to("/")
        inside.parent.mkdir(parents=True, exist_ok=True)
        if folder.is_symlink():
            inside.symlink_to(folder.readlink())
        elif folder.is_dir():
            inside.mkdir(exist_ok=True)
            yield folder


def _line(source: Path, mounted: Path, target: Path, options: str) -> str:
    return f"{_escaped(source)} {_escaped(mounted / target.relative_to('/'))} none bind,{options} 0 0\n"


def _escaped(path: Path) -> str:
    return "".join(f"\\{ord(letter):03o}" if letter in " \t\n\\#" else letter for letter in str(path))
