"""What takes requests before the functions: an HTTP API, or a Lambda function URL."""

from collections.abc import Mapping

from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from distributary_cdk.api import Api
from distributary_cdk.configuration import Configuration
from distributary_cdk.function_url import FunctionUrl
from distributary_cdk.release import Release

Front = Api | FunctionUrl


def front_of(
    scope: Construct,
    *,
    release: Release,
    ingest: lambda_.Function,
    others: Mapping[str, lambda_.IFunction],
    configuration: Configuration,
    key: kms.IKey | None = None,
) -> Front:
    """What `[http] front` names, before `ingest` as released; `others` by folder have routes of an HTTP API."""
    if configuration.http.front == "function-url":
        return FunctionUrl(scope, "FunctionUrl", function=ingest, alias=release.alias, configuration=configuration)
    functions = {"ingest": release.alias, **others}
    return Api(scope, "Api", functions=functions, configuration=configuration, key=key)
