"""The table of keys, and the master secret from which the secret of each key is derived."""

from collections.abc import Iterator

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from distributary.metrics import REFUSED_KEYS
from distributary_cdk.configuration import Configuration
from distributary_cdk.embedded_metric import embedded_metric
from distributary_cdk.encryption import encrypted
from distributary_cdk.findings import acknowledge
from distributary_cdk.part import Graph, Part, Watch
from distributary_cdk.permission import allow
from distributary_cdk.removal_policy import protected_removal, removal

# What an update may name besides the key itself: no function can give a key more rights.
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
_LAST_USE_ALONE = {"ForAllValues:StringEquals": {"dynamodb:Attributes": ["id", "last_used"]}}


class Keys(Part, Construct):
    """`table` holds a key's name and rights by its `id`, `secret` the master secret's versions (`{"1": "…"}`).

    Both are None where the stage is open to all. `names` has what the functions must know, by setting.
    """

    def __init__(
        self, scope: Construct, name: str, *, configuration: Configuration, key: kms.IKey | None = None
    ) -> None:
        super().__init__(scope, name)
        self._configuration, self._key = configuration, key
        closed = configuration.auth == "keys"
        self.table = self._table(configuration) if closed else None
        self.secret = self._secret(configuration) if closed else None
        self.names = {"key_table_name": self.table_name, "key_secret_arn": self.secret_arn}
        self.outputs = {"KeyTableName": self.table_name, "KeySecretArn": self.secret_arn}

    @property
    def table_name(self) -> str:
        """The table's name; empty where there is none."""
        return self.table.table_name if self.table else ""

    @property
    def secret_arn(self) -> str:
        """The master secret's ARN; empty where there is none."""
        return self.secret.secret_arn if self.secret else ""

    def grant_read(self, grantee: iam.IGrantable) -> None:
        """Let it look keys up, note their last use, and derive their secrets."""
        if self.table and self.secret:
            table, key = self.table.table_arn, self._key
            allow(grantee, table, "dynamodb:GetItem", key=key)
            allow(grantee, table, "dynamodb:UpdateItem", key=key, conditions=_LAST_USE_ALONE)
            allow(grantee, self.secret.secret_arn, "secretsmanager:GetSecretValue", key=key)

    def alarms(self) -> Iterator[Watch]:
        """An alarm for many requests whose key was refused."""
        limits, stage = self._configuration.alarms, self._configuration.stage
        refused = embedded_metric(REFUSED_KEYS, "Sum", stage=stage, minutes=limits.period_minutes)
        yield Watch("refused-keys", "RefusedKeys", refused, limits.refused_keys)

    def graphs(self) -> Iterator[Graph]:
        """How many requests were refused."""
        refused = embedded_metric(REFUSED_KEYS, "Sum", stage=self._configuration.stage)
        yield Graph("Events", "Requests refused for their key", [refused])

    def _table(self, configuration: Configuration) -> dynamodb.TableV2:
        recovery = dynamodb.PointInTimeRecoverySpecification(point_in_time_recovery_enabled=configuration.retain)
        table = dynamodb.TableV2(
            self,
            "Table",
            partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING),
            billing=dynamodb.Billing.on_demand(),
            encryption=dynamodb.TableEncryptionV2.dynamo_owned_key(),
            point_in_time_recovery_specification=recovery,
            deletion_protection=configuration.retain,
            removal_policy=protected_removal(configuration),
        )
        return encrypted(table, self._key)

    def _secret(self, configuration: Configuration) -> secretsmanager.Secret:
        # Letters and digits only: nothing that JSON or a shell would write otherwise.
        first_version = secretsmanager.SecretStringGenerator(
            secret_string_template="{}",  # noqa: S106 - an empty object, which gets one member
            generate_string_key="1",
            password_length=64,
            exclude_punctuation=True,
        )
        secret = secretsmanager.Secret(
            self,
            "Secret",
            description="Distributary: the master secret of the keys, a member for each version",
            generate_secret_string=first_version,
            encryption_key=self._key,
            removal_policy=removal(configuration),
        )
        acknowledge(
            secret,
            "AwsSolutions-SMG4",
            "Rotated by `make keys … rotate`: a new version for new keys. By itself it would end every key in use.",
        )
        return secret
