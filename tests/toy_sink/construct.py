"""The sink Toy: a table. It is copied to infra/distributary_cdk/sinks/toy.py."""

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from constructs import Construct

from distributary_cdk.permission import allow
from distributary_cdk.sinks.sink import Shared, Sink


class Toy(Sink):
    """The table of one stage."""

    name = "toy"
    label = "Toy"

    def __init__(self, scope: Construct, shared: Shared) -> None:
        super().__init__(scope, shared)
        self.table = dynamodb.TableV2(
            self,
            "Table",
            partition_key=dynamodb.Attribute(name="key", type=dynamodb.AttributeType.STRING),
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        self.names |= {"toy_table": self.table.table_name}
        self.outputs |= {"ToyTableName": self.table.table_name}

    def grant_put(self, grantee: iam.IGrantable) -> None:
        """Let the grantee put items into the table."""
        allow(grantee, self.table.table_arn, "dynamodb:PutItem")

    def grant_describe(self, grantee: iam.IGrantable) -> None:
        """Let the grantee see whether the table is there and active."""
        allow(grantee, self.table.table_arn, "dynamodb:DescribeTable")
