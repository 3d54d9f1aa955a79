"""IoT Core's data plane: what is published sets off topic rules, whose Lambda actions call functions."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from moto.awslambda.exceptions import LambdaClientError
from moto.awslambda.models import lambda_backends
from moto.iotdata.models import IoTDataPlaneBackend
from moto.sqs.models import sqs_backends

from local.aws.services import Completed
from local.aws.topic_rule import compiled
from local.iam.access import Unchecked
from local.iam.denial import Denied

if TYPE_CHECKING:
    from moto.iot.models import FakeRule

    from local.iam.access import Services

IOT = "iot.amazonaws.com"


class IotData(Completed, IoTDataPlaneBackend):
    """moto's service with topic rules behind `publish`, which do what `access` allows them."""

    __module__ = IoTDataPlaneBackend.__module__  # moto finds a service's URLs by its backend's module

    def __init__(self, region_name: str, account_id: str, *, access: Services | None = None) -> None:
        super().__init__(region_name, account_id)
        self.access = access or Unchecked()

    def publish(self, topic: str, payload: bytes) -> None:
        """Hands the message to every rule that takes it."""
        super().publish(topic, payload)
        for rule in list(self.iot_backend.rules.values()):
            selected = None if rule.rule_disabled else compiled(rule.sql).hand_over(topic, payload)
            if selected is not None:
                self.act(rule, topic, payload, selected)

    def act(self, rule: FakeRule, topic: str, payload: bytes, selected: str) -> None:
        """Calls the rule's functions asynchronously; where that fails, its error action has the message."""
        for action in rule.actions:
            function = action["lambda"]["functionArn"]
            backend = lambda_backends[self.account_id][self.region_name]
            try:
                self.access.check_service(IOT, "lambda:InvokeFunction", function, rule.arn)
                backend.invoke(function, None, selected, {"X-Amz-Invocation-Type": "Event"}, {})
            except (LambdaClientError, Denied) as error:
                failure = {"failedAction": "LambdaAction", "failedResource": function, "errorMessage": str(error)}
                self.report(rule, topic, payload, failure)

    def report(self, rule: FakeRule, topic: str, payload: bytes, failure: dict[str, Any]) -> None:
        """Puts what failed into the error action's queue, as IoT Core words it.

        Source: https://docs.aws.amazon.com/iot/latest/developerguide/rule-error-handling.html
        """
        if "sqs" not in rule.error_action:
            return
        message = {
            "ruleName": rule.rule_name,
            "topic": topic,
            "base64OriginalPayload": base64.b64encode(payload).decode(),
            "failures": [failure],
        }
        queue, role = rule.error_action["sqs"]["queueUrl"].rpartition("/")[2], rule.error_action["sqs"]["roleArn"]
        try:
            self.access.check_trust(IOT, role, rule.arn)
            arn = f"arn:aws:sqs:{self.region_name}:{self.account_id}:{queue}"
            self.access.check_role(role, "iot", "sqs:SendMessage", arn)
        except Denied as error:
            print(f"topic rule {rule.rule_name}: {error}")
            return
        sqs_backends[self.account_id][self.region_name].send_message(queue, json.dumps(message))
