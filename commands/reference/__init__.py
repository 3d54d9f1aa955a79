"""The generated parts of docs/reference: limits, metrics and alarms, commands, errors."""
