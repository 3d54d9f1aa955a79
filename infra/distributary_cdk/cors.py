"""What pages of other origins may send and read: the same behind API Gateway and behind a function URL."""

from distributary_cdk.entrance import HttpProps

# A browser asks for each by name: API Gateway knows no `ce-*`.
_ALLOWED_HEADERS = (
    *("authorization", "content-type", "content-encoding", "idempotency-key", "prefer", "x-api-key"),
    *(
        "ce-specversion",
        "ce-id",
        "ce-source",
        "ce-type",
        "ce-subject",
        "ce-time",
        "ce-datacontenttype",
        "ce-dataschema",
    ),
    *("ce-dataref", "ce-partitionkey", "ce-explicithashkey", "ce-traceparent", "ce-tracestate"),
    # what the AWS SDK for JavaScript sends from a browser
    *(
        "x-amz-target",
        "x-amz-date",
        "x-amz-content-sha256",
        "x-amz-user-agent",
        "amz-sdk-invocation-id",
        "amz-sdk-request",
    ),
)
EXPOSED_HEADERS = (
    *("retry-after", "x-request-id", "x-amzn-requestid", "idempotency-key"),
    *("ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"),
)
MAX_AGE_HOURS = 1


def allowed_headers(http: HttpProps) -> list[str]:
    """The headers that a page may send: what the API reads, and what the owner adds, each once."""
    return [*dict.fromkeys((*_ALLOWED_HEADERS, *http.cors_headers))]
