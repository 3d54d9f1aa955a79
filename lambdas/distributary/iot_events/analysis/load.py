"""A file of detector models to definitions that may run, or to every reason why not."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from distributary.errors import BadDefinition
from distributary.iot_events.analysis.checks import analyse
from distributary.iot_events.limits import AWS_LIMITS, Limits
from distributary.iot_events.model.definition import Definition
from distributary.iot_events.model.document import read_definition
from distributary.iot_events.model.document_forms import read_documents
from distributary.iot_events.model.finding import Finding


class Checked(NamedTuple):
    """A definition and all findings about it."""

    definition: Definition
    findings: tuple[Finding, ...]


def check_text(
    text: str,
    *,
    name: str,
    key: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    limits: Limits = AWS_LIMITS,
    inputs: Mapping[str, tuple[str, ...]] | None = None,
    declared_only: bool = False,
) -> list[Checked]:
    """Every model of a file with its findings; BadDefinition where the file is none of the three forms.

    `name` is for a model without one (the file's name), `key` for a model without one, `parameters` for a template's,
    `inputs` (by name the declared paths) for whoever knows all that exist, and `declared_only` if only those are read.
    """
    checked = []
    for document in read_documents(text, name=name, parameters=parameters):
        definition, findings = read_definition(document, key=key)
        if not findings:  # what could not be read would only be found again
            findings = analyse(definition, limits=limits, inputs=inputs, declared_only=declared_only)
        checked.append(Checked(definition, tuple(findings)))
    return checked


def load_text(
    text: str,
    *,
    name: str,
    key: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    limits: Limits = AWS_LIMITS,
) -> list[Definition]:
    """Every model of a file, ready for `Model`; BadDefinition lists each ERROR with its place."""
    checked = check_text(text, name=name, key=key, parameters=parameters, limits=limits)
    faults = [
        f"{one.definition.name}: {finding}" for one in checked for finding in one.findings if finding.level == "ERROR"
    ]
    if faults:
        raise BadDefinition(faults)
    return [one.definition for one in checked]
