"""What a shell makes of a `*` without quotes: the names of files, where an operator meant any."""

from collections.abc import Sequence
from pathlib import Path

from commands.key_ring import KeyRingError


def refuse_file_names(sources: Sequence[str], folder: Path = Path()) -> None:
    """Raises KeyRingError for sources that are names of the folder's files: several, or the only one there is."""
    files = [source for source in sources if (folder / source).exists()]
    alone = [one.name for one in folder.iterdir() if not one.name.startswith(".")] == files
    if len(files) > 1 or (alone and files):
        raise KeyRingError(
            f"--sources names files of this folder ({', '.join(files)}): the shell has put them in the place of a *. "
            """Quote it, as in ARGS="create --name pump-7 --sources '*'\""""
        )
