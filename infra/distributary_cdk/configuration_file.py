"""`distributary.toml` read, its stages laid over it and checked; every fault is listed with its place."""

import re
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import cast

from distributary.errors import DistributaryError, SettingsError
from distributary_cdk.configuration import MODEL_FOLDERS, Configuration
from distributary_cdk.file_faults import explained, located, unreadable
from distributary_cdk.prop_faults import known
from distributary_cdk.table import Table, laid_over
from distributary_cdk.table import read as read_table

FILE = Path("distributary.toml")
_INPUTS = "inputs"
# How a fault begins that names the file of a model or an input.
_OF_A_FILE = re.compile(r"[^:]+\.json: ")


def said(error: DistributaryError, file: Path = FILE) -> str:
    """What is wrong with what the owner wrote, a line for each fault, which names the file that it is in."""
    faults = getattr(error, "faults", (str(error),))
    text = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
    faults = [located(fault, text) for fault in faults]
    named = [fault.startswith(f"{file.name}:") or _OF_A_FILE.match(fault) for fault in faults]
    lines = [fault if is_named else f"{file.name}: {fault}" for fault, is_named in zip(faults, named, strict=True)]
    return "\n".join(["The stack cannot be synthesised:", *lines])


@contextmanager
def faults_explained(file: Path) -> Iterator[None]:
    """End the app with every fault, a line each, where the block finds any."""
    try:
        yield
    except DistributaryError as error:
        sys.exit(said(error, file))


def read(file: Path, stage: str) -> Configuration:
    """The configuration of a stage, with the folders of its models, and `inputs`, as they are beside the file.

    Raises SettingsError with every fault of the file, those of other stages too.
    """
    try:
        text = file.read_text(encoding="utf-8")
        own = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError([f"{file.name}: {unreadable(error, text)}"]) from error
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError([f"{file.name}: {error}"]) from error
    presets = own.pop("stages", {})
    if not isinstance(presets, dict) or not all(isinstance(preset, dict) for preset in presets.values()):
        raise SettingsError(["stages: must hold a table for each stage, as in [stages.dev]"])
    faults, configurations = _all_stages(own, presets)
    if stage not in presets:
        faults.append(f"stages: there is no {stage!r}; there are {', '.join(presets)}")
    if faults:
        raise SettingsError([explained(fault, known(Configuration)) for fault in faults])
    found = cast("Configuration", configurations[stage])
    return replace(found, models=_model_folders(file, found), input_files=file.parent / _INPUTS)


def _model_folders(file: Path, configuration: Configuration) -> tuple[Path, ...]:
    """The folders that the stage names; those of the default may be missing. Raises SettingsError."""
    folders = {name: file.parent / name for name in configuration.detectors.folders}
    faults = [
        f"detectors.folders = {name!r}: for stage {configuration.stage} there is no folder {folder.absolute()}; "
        "create it, or leave it out of the list"
        for name, folder in folders.items()
        if name not in MODEL_FOLDERS and not folder.is_dir()
    ]
    if faults:
        raise SettingsError(faults)
    return tuple(folder for folder in folders.values() if folder.is_dir())


def _all_stages(own: Table, presets: Table) -> tuple[list[str], dict[str, Configuration | None]]:
    """The file's faults, then those that a stage brings, under the stage's place; and each stage's configuration."""
    faults, _ = _one_stage(own, "any")
    shared = set(faults)
    configurations = {}
    for stage, preset in presets.items():
        found, configurations[stage] = _one_stage(laid_over(own, preset), stage)
        faults += [f"stages.{stage}.{fault}" for fault in found if fault not in shared]
        # The stage ends the stack's name: CloudFormation takes letters, digits and hyphens there.
        if not re.fullmatch("[a-z0-9-]{1,64}", stage):
            faults.append(f"stages.{stage}: must be 1 to 64 lower-case letters, digits and hyphens")
    return faults, configurations


def _one_stage(table: Table, stage: str) -> tuple[list[str], Configuration | None]:
    faults: list[str] = []
    configuration = read_table(Configuration, table, faults, stage=stage)
    return faults, configuration
