"""What a function's process finds on disk: its extracted deployment package, and awslambdaric with what it needs."""

import hashlib
import io
import re
import threading
import zipfile
from importlib.metadata import distribution
from pathlib import Path


class Folders:
    """The task root of each deployment package and the one runtime folder, below `root`; made when first asked for."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()

    def task_root(self, code: bytes) -> Path:
        """The folder that holds the extracted zip `code`; the same code is extracted once."""
        folder = self._root / "task" / hashlib.sha256(code).hexdigest()[:16]
        with self._lock:
            if not folder.exists():
                folder.mkdir(parents=True)
                with zipfile.ZipFile(io.BytesIO(code)) as package:
                    package.extractall(folder)
        return folder

    def runtime(self) -> Path:
        """The folder that holds links to awslambdaric and its dependencies as installed here, and no other package."""
        folder = self._root / "runtime"
        with self._lock:
            if not folder.exists():
                folder.mkdir(parents=True)
                for entry in _entries("awslambdaric"):
                    (folder / entry.name).symlink_to(entry)
        return folder


def _entries(name: str) -> set[Path]:
    """The top-level modules and packages of an installed distribution and of all that it requires."""
    installed = distribution(name)
    tops = {file.parts[0] for file in installed.files or () if file.suffix in {".py", ".so"}}
    found = {Path(str(installed.locate_file(top))) for top in tops - {".."}}
    for requirement in installed.requires or ():
        if "extra ==" not in requirement:
            found |= _entries(re.split(r"[^\w.-]", requirement, maxsplit=1)[0])
    return found
