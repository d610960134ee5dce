"""Virtual environments with other plugins, made from the extras of `pyproject.toml` and kept for the next time.

Each is one extra, `peer-NAME`, for the Python that runs. One whose extra was written differently is made anew. Making
them takes a minute or two and the package registries, so it is asked for: `ASYNCTESTKIT_PEERS=1`.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import tomllib
from typing import Final

from tests.programs import ROOT

ASKED_FOR: Final = os.environ.get("ASYNCTESTKIT_PEERS", "") not in ("", "0")
FOLDER: Final = ROOT / ".ci" / "envs"
_PREFIX: Final = "peer-"


def extras() -> dict[str, list[str]]:
    """Return what each peer needs, by the name of the peer."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found: dict[str, list[str]] = project["optional-dependencies"]
    return {name.removeprefix(_PREFIX): needs for name, needs in found.items() if name.startswith(_PREFIX)}


@functools.cache
def python_with(peer: str) -> str:
    """Return the interpreter of the environment with a peer and this package installed.

    Raises:
        RuntimeError: It cannot be made.
    """
    home = FOLDER / f"peer-{sys.version_info[0]}.{sys.version_info[1]}-{peer}"
    python, done = home / "bin" / "python", home / "made-of"
    written = "\n".join([sys.version, *extras()[peer]])
    if done.exists() and done.read_text(encoding="utf-8") == written:
        return str(python)
    shutil.rmtree(home, ignore_errors=True)
    install = [
        str(python),
        "-m",
        "pip",
        "install",
        "-q",
        "--disable-pip-version-check",
        "-e",
        f"{ROOT}[{_PREFIX}{peer}]",
    ]
    for command in ([sys.executable, "-m", "venv", str(home)], install):
        finished = subprocess.run(command, capture_output=True, text=True, check=False)
        if finished.returncode:
            raise RuntimeError(f"{' '.join(command)}\n{finished.stdout}{finished.stderr}")
    done.write_text(written, encoding="utf-8")
    return str(python)
