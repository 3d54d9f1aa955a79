"""The detector models and inputs that the owner dropped in: read, checked, and brought into what functions carry."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from distributary.errors import BadDefinition
from distributary.iot_events.analysis.checks import analyse
from distributary.iot_events.limits import Limits
from distributary.iot_events.model.definition import Definition
from distributary.iot_events.model.document import read_definition
from distributary.iot_events.model.document_forms import declared_attributes, read_documents
from distributary.iot_events.model.used_paths import inputs_of
from distributary.iot_events.runtime.bundled_models import bundle_model, route
from distributary_cdk.configuration import MODEL_FOLDERS, Configuration


@dataclass(frozen=True)
class DetectorModels:
    """The models of a stage: `bundled` for who runs them, `readers` and `inputs` (tables) for who takes messages.

    `files` are by the name of their model.
    """

    definitions: tuple[Definition, ...]
    bundled: tuple[Mapping[str, Any], ...]
    warnings: tuple[str, ...]
    inputs: Mapping[str, Any]
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def readers(self) -> list[dict[str, Any]]:
        """For each model the inputs that it reads and the path of its key."""
        return [route(definition) for definition in self.definitions]


def read_models(configuration: Configuration) -> DetectorModels:
    """The models and inputs in the JSON files of their folders. Raises BadDefinition with every fault."""
    faults: list[str] = []
    models: dict[str, _Checked] = {}
    files: dict[str, str] = {}
    inputs = _inputs(configuration, faults)
    for file in _model_files(configuration, faults):
        for one in _checked(file, configuration, _declared(inputs, configuration), faults):
            if one.definition.name in models:
                faults.append(f"{_shown(file)}: there is another model {one.definition.name}")
            models[one.definition.name], files[one.definition.name] = one, _shown(file)
    faults += [*_debug_faults(configuration, models), *_remove_faults(configuration, files)]
    if faults:
        raise BadDefinition(faults)
    return DetectorModels(
        definitions=tuple(one.definition for one in models.values()),
        bundled=tuple(one.bundled for one in models.values()),
        warnings=(*(told for one in models.values() for told in one.warnings), *_unread(configuration, models)),
        inputs=inputs,
        files=files,
    )


def _model_files(configuration: Configuration, faults: list[str]) -> Iterator[Path]:
    """The files of all folders; what is wrong with the folders goes to the faults."""
    folders = configuration.model_folders
    if configuration.models is None and configuration.detectors.folders != MODEL_FOLDERS:
        faults.append(
            "detectors.folders: is for a configuration file; in Python, pass models=Path(…), or a list of them"
        )
    faults += [f"models = {str(folder)!r}: there is no such folder" for folder in folders if not folder.is_dir()]
    for folder in folders:
        yield from _files(folder)


def _files(folder: Path | None) -> list[Path]:
    return sorted(folder.glob("*.json")) if folder else []


def _shown(file: Path) -> str:
    """The file as seen from where the command runs; of a file elsewhere, its folder and name."""
    own = file.absolute()
    return str(own.relative_to(Path.cwd())) if own.is_relative_to(Path.cwd()) else f"{file.parent.name}/{file.name}"


class _Checked(NamedTuple):
    definition: Definition
    bundled: Mapping[str, Any]
    warnings: tuple[str, ...]


def _declared(inputs: Mapping[str, Any], configuration: Configuration) -> dict[str, tuple[str, ...]] | None:
    """By input what may be read of it; None where all may."""
    if not configuration.detectors.declared_only:
        return None
    return {name: tuple(table.get("attributes", ())) for name, table in inputs.items()}


def _checked(
    file: Path, configuration: Configuration, declared: Mapping[str, tuple[str, ...]] | None, faults: list[str]
) -> Iterator[_Checked]:
    """The models of a file; what is wrong with it goes to the faults."""
    limits = Limits(min_timer_seconds=configuration.detectors.min_timer_seconds)
    try:
        documents = read_documents(
            file.read_text("utf-8"), name=file.name.partition(".")[0], parameters=configuration.detectors.parameters
        )
    except (BadDefinition, OSError, UnicodeDecodeError) as error:
        faults += [f"{_shown(file)}: {fault}" for fault in getattr(error, "faults", (error,))]
        return
    for document in documents:
        definition, findings = read_definition(document)
        key = definition.key or (None if findings else _given_key(definition, configuration))
        if not findings:
            definition = replace(definition, key=key)
            findings = analyse(definition, limits=limits, inputs=declared, declared_only=declared is not None)
        by_level: dict[str, list[str]] = {level: [] for level in ("ERROR", "WARNING", "INFO")}
        for finding in findings:
            by_level[finding.level].append(f"{_shown(file)}: {definition.name}: {finding}")
        faults += by_level["ERROR"]
        if not by_level["ERROR"]:
            yield _Checked(definition, bundle_model(document, key), tuple(by_level["WARNING"]))


def _unread(configuration: Configuration, models: Mapping[str, _Checked]) -> Iterator[str]:
    """A warning for each rule whose events nobody would take."""
    read = {name for one in models.values() for name in inputs_of(one.definition)}
    for place, rule in enumerate(configuration.rules):
        if [*rule["sinks"]] == ["iot_events"] and rule["input"] not in read:
            yield (
                f"rules[{place}]: its events are rejected (NothingToDo): no detector model reads the input "
                f"{rule['input']}, and the rule names no other sink"
            )


def _debug_faults(configuration: Configuration, models: Mapping[str, object]) -> Iterator[str]:
    known = ", ".join(models) or "none"
    for place, table in enumerate(configuration.detectors.debug):
        if not table.keys() <= {"model", "key"} or not all(isinstance(one, str) for one in table.values()):
            yield f'detectors.debug[{place}]: must be {{model = "…", key = "…"}}, or without the key'
        elif table.get("model") not in models:
            yield f"detectors.debug[{place}]: there is no model {table.get('model')!r}; there are {known}"


def _remove_faults(configuration: Configuration, files: Mapping[str, str]) -> Iterator[str]:
    for name in configuration.detectors.remove:
        if name in files:
            yield f"detectors.remove = {name!r}: {files[name]} has this model"


def _given_key(definition: Definition, configuration: Configuration) -> str | None:
    """The key that the model's inputs have in `distributary.toml`, where they agree on one."""
    tables = [configuration.inputs[name] for name in inputs_of(definition) if name in configuration.inputs]
    keys = {table.get("key") for table in tables}
    return keys.pop() if len(keys) == 1 else None


def _inputs(configuration: Configuration, faults: list[str]) -> dict[str, Any]:
    """Every declared input as a table; one of `distributary.toml` stands before one of a file."""
    declared: dict[str, tuple[str, ...]] = {}
    for file in _files(configuration.input_files):
        name, parameters = file.name.partition(".")[0], configuration.detectors.parameters
        try:
            declared |= declared_attributes(file.read_text("utf-8"), name=name, parameters=parameters)
        except (BadDefinition, OSError, UnicodeDecodeError) as error:
            faults += [f"{_shown(file)}: {fault}" for fault in getattr(error, "faults", (error,))]
    tables = {name: {"attributes": list(paths)} for name, paths in declared.items()}
    return {**tables, **configuration.inputs}


def models_of(configuration: Configuration) -> DetectorModels:
    """The models that a stage's functions carry; none where another service runs them."""
    if configuration.iot_events.provider != "stack" or "iot_events" not in configuration.deployed_sinks:
        return DetectorModels((), (), (), configuration.inputs)
    return read_models(configuration)


def bundled_by(folder: str, configuration: Configuration) -> dict[str, Any]:
    """What of the models a function carries: all of them to run them, else who reads what."""
    models = models_of(configuration)
    if folder == "run_detectors":
        switches = {"merge": configuration.detectors.merge, "declared": _declared(models.inputs, configuration)}
        debug = configuration.detectors.debug
        return {"inputs": models.inputs, "models": models.bundled, "debug": debug, "switches": switches}
    if folder == "serve_detectors":
        return {"models": models.bundled}
    known = {"inputs": models.inputs, "readers": models.readers}
    if folder == "take_messages":
        rules = {rule.name: {"input": rule.input, "batch": rule.batch} for rule in configuration.iot_rules}
        return {**known, "iot_rules": rules}
    return known
