"""What AWS gives a function in its environment: region, credentials, and where the services are."""

from collections.abc import Mapping
from typing import NamedTuple

from distributary.errors import SettingsError

# Regions of other partitions than `aws`, by how they begin; botocore's partitions.json has them, as a test compares.
_SUFFIXES = {
    "cn-": "amazonaws.com.cn",
    "eusc-": "amazonaws.eu",
    "us-iso-": "c2s.ic.gov",
    "us-isob-": "sc2s.sgov.gov",
    "us-isof-": "csp.hci.ic.gov",
    "eu-isoe-": "cloud.adc-e.uk",
}
_OTHER_ENDPOINTS = ("AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT")
# A service's id in the name of a variable, where it is not its name in capitals.
_IDS = {"secretsmanager": "SECRETS_MANAGER"}


class Credentials(NamedTuple):
    """An access key; `token` where it is a temporary one."""

    access_key: str
    secret_key: str
    token: str | None = None


class AwsEnvironment:
    """Reads the variables each time that it is asked: credentials may change while a function lives.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables

    @property
    def region(self) -> str:
        """The region. Raises SettingsError where none is named."""
        if region := self._variables.get("AWS_REGION") or self._variables.get("AWS_DEFAULT_REGION"):
            return region
        raise SettingsError(["AWS_REGION is not set"])

    def credentials(self) -> Credentials | None:
        """Today's; None where there are none. SnapStart, which hands them over by a URL, is not supported."""
        key, secret = self._variables.get("AWS_ACCESS_KEY_ID"), self._variables.get("AWS_SECRET_ACCESS_KEY")
        return Credentials(key, secret, self._variables.get("AWS_SESSION_TOKEN")) if key and secret else None

    def endpoint(self, service: str) -> str | None:
        """The URL of the service in this region; None for FIPS and dual-stack endpoints, which botocore finds.

        `AWS_ENDPOINT_URL_<SERVICE>` and `AWS_ENDPOINT_URL` come first:
        https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
        """
        if not self._is_true("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"):
            for name in (f"AWS_ENDPOINT_URL_{_IDS.get(service, service.upper())}", "AWS_ENDPOINT_URL"):
                if url := self._variables.get(name):
                    return url
        if any(map(self._is_true, _OTHER_ENDPOINTS)):
            return None
        region = self.region
        suffix = next((one for start, one in _SUFFIXES.items() if region.startswith(start)), "amazonaws.com")
        return f"https://{service}.{region}.{suffix}"

    @property
    def certificates(self) -> str | None:
        """The path of the certificates to trust instead of the usual ones; None where none is named."""
        return self._variables.get("AWS_CA_BUNDLE") or self._variables.get("REQUESTS_CA_BUNDLE")

    def _is_true(self, name: str) -> bool:
        return self._variables.get(name, "").lower() == "true"
