"""A detector model as its owner wrote it: documents in three forms become one frozen definition.

Nothing here runs a model: `engine` compiles it. `analysis` checks more than its form.
"""

__all__ = ["action_kinds", "declared_paths", "definition", "document", "document_forms", "finding", "used_paths"]
