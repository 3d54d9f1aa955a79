"""The library in every function of Distributary: values in the middle, AWS at the edge."""

VERSION = "0.1.0"
"""Semantic Versioning, https://semver.org; CHANGELOG.md says what each version changes."""
