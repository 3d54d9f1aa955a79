"""The version of Distributary: Semantic Versioning, https://semver.org; CHANGELOG.md says what each one changes."""

VERSION = "0.1.0"
