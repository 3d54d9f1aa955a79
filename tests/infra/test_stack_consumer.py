"""The consumer of docs/how-to/consume.md, synthesised as a reader writes it."""

import textwrap

import aws_cdk as cdk
from aws_cdk import aws_kinesis as kinesis
from aws_cdk.assertions import Match, Template
from snippets import ROOT, snippet


def test_the_consumer_has_what_the_example_needs(new_app, monkeypatch) -> None:
    """Its table, its rights on it, and a mapping that reports the record that failed."""
    monkeypatch.chdir(ROOT)
    stack = cdk.Stack(new_app(), "consumer")
    names = {"self": stack, "stream": kinesis.Stream(stack, "Stream")}

    exec(textwrap.dedent(snippet("docs/how-to/consume.md", "consumer")), names)  # noqa: S102

    template = Template.from_stack(stack)
    template.has_resource_properties(
        "AWS::DynamoDB::GlobalTable", {"TimeToLiveSpecification": {"AttributeName": "expires", "Enabled": True}}
    )
    template.has_resource_properties(
        "AWS::Lambda::EventSourceMapping",
        {"BisectBatchOnFunctionError": True, "FunctionResponseTypes": ["ReportBatchItemFailures"]},
    )
    template.has_resource_properties(
        "AWS::Lambda::Function",
        {"Handler": "lambda_function.handler", "Environment": {"Variables": {"TABLE": Match.any_value()}}},
    )
