"""The layers: third-party packages from their locks, and our own package with the deployment's settings.

`python -m infra.layers` builds the third-party layer for Lambda; with `local`, for the interpreter that runs it, as the
local AWS does. No Docker: pip takes wheels for the target. All layers are kept under
`build/` by what they are made of, so that an unchanged layer is never built, uploaded or deployed again.
"""

from __future__ import annotations

import compileall
import hashlib
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import NamedTuple

from tieout.config import Config

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
LOCK = ROOT / "layers" / "dependencies" / "requirements.txt"
MATCHING_LOCK = ROOT / "layers" / "reconcile" / "requirements.txt"
"""Of the functions that match whole months: a database engine that no other function should carry."""
PACKAGE = ROOT / "layers" / "common" / "python" / "tieout"
NOT_DEPLOYED = {"cli", "__pycache__"}
"""Folders of our package that functions have no use for."""


class Target(NamedTuple):
    """The interpreter and machine that a layer is for."""

    python: str
    machine: str
    wheels: tuple[str, ...] = ()
    """Wheel platforms; none: whatever this interpreter takes."""

    @property
    def runs_here(self) -> bool:
        """Whether byte code that this interpreter writes is what the target reads."""
        return self.python == RUNNING

    def __str__(self) -> str:
        return f"py{self.python.replace('.', '')}-{self.machine}"


RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"
LAMBDA = Target("3.13", "arm64", ("manylinux2014_aarch64", "manylinux_2_28_aarch64"))
LOCAL = Target(RUNNING, "arm64" if platform.machine() in {"arm64", "aarch64"} else "x86_64")


class Layer(NamedTuple):
    """A folder ready to be deployed, and the digest of what it was made of."""

    folder: Path
    digest: str


def _digest(parts: Iterable[bytes]) -> str:
    together = hashlib.sha256()
    for part in parts:
        together.update(hashlib.sha256(part).digest())
    return together.hexdigest()


def _compile(folder: Path) -> None:
    """Ship byte code: without it a cold start pays the compiler, about a second for all packages."""
    compileall.compile_dir(
        folder,
        quiet=2,
        stripdir=str(folder.parent),
        prependdir="/opt",
        invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
    )


def _keep(built: Path, folder: Path) -> None:
    """Give a finished build its name; another build of the same thing may have been faster."""
    try:
        built.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise
        shutil.rmtree(built)


def _install(lock: Path, target: Target, into: Path) -> None:
    command = [
        *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"),
        *("--requirement", str(lock), "--require-hashes", "--no-deps", "--no-compile", "--target", str(into)),
        *("--only-binary", ":all:"),
    ]
    if target.wheels:
        command += ["--python-version", target.python, "--implementation", "cp"]
        command += [word for wheels in target.wheels for word in ("--platform", wheels)]
    subprocess.run(command, check=True, cwd=ROOT)  # noqa: S603  our own words only


def _strip(packages: Path) -> None:
    """Remove what no function reads: type stubs, tests, commands. Licences and package metadata stay."""
    for unused in [*packages.glob("bin"), *packages.rglob("tests"), *packages.rglob("__pycache__")]:
        shutil.rmtree(unused, ignore_errors=True)
    for unused in [
        *packages.rglob("*.pyi"),
        *packages.glob("*.dist-info/RECORD"),
        *packages.glob("*.dist-info/REQUESTED"),
    ]:
        unused.unlink()


def dependencies_layer(target: Target) -> Layer:
    """The third-party layer of every function, built if there is none for this lock and target yet."""
    return _third_party("dependencies", LOCK, target)


def matching_layer(target: Target) -> Layer:
    """What the functions that match whole months have besides."""
    return _third_party("reconcile", MATCHING_LOCK, target)


def _third_party(name: str, lock: Path, target: Target) -> Layer:
    made_of = [lock.read_bytes(), Path(__file__).read_bytes(), f"{target} {target.runs_here}".encode()]
    digest = _digest(made_of)
    folder = BUILD / f"{name}-{target}-{digest[:12]}"
    if not folder.is_dir():
        BUILD.mkdir(exist_ok=True)
        built = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=BUILD))
        built.chmod(0o755)
        print(f"Building the third-party layer {name} for {target} ...", file=sys.stderr, flush=True)  # noqa: T201  a long step says so
        _install(lock, target, built / "python")
        _strip(built / "python")
        if target.runs_here:
            _compile(built / "python")
        _keep(built, folder)
    return Layer(folder, digest)


def own_layer(config: Config, target: Target) -> Layer:
    """Our own package, with the settings beside it as `tieout-config.json`."""
    settings = config.model_dump_json(indent=1, exclude_defaults=True).encode()
    sources = sorted(
        path
        for path in PACKAGE.rglob("*")
        if path.is_file() and path.suffix != ".pyc" and not NOT_DEPLOYED & set(path.relative_to(PACKAGE).parts)
    )
    names = [str(path.relative_to(PACKAGE)).encode() for path in sources]
    digest = _digest([*names, *(path.read_bytes() for path in sources), settings, str(target.runs_here).encode()])
    folder = BUILD / f"common-{target}-{digest[:12]}"
    if not folder.is_dir():
        BUILD.mkdir(exist_ok=True)
        built = Path(tempfile.mkdtemp(prefix=".common-", dir=BUILD))
        built.chmod(0o755)
        for path in sources:
            copy = built / "python" / path.relative_to(PACKAGE.parent)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
        (built / "python" / "tieout-config.json").write_bytes(settings)
        if target.runs_here:
            _compile(built / "python")
        _keep(built, folder)
    return Layer(folder, digest)


def main() -> None:
    """Build the third-party layers and print where they are."""
    target = LOCAL if "local" in sys.argv[1:] else LAMBDA
    for layer in (dependencies_layer(target), matching_layer(target)):
        print(layer.folder)  # noqa: T201  the command's answer


if __name__ == "__main__":
    main()
