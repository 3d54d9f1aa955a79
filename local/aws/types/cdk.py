"""What the CDK writes into a template for itself."""

from local.aws.resource_type import ResourceType

TYPES = (ResourceType(name="AWS::CDK::Metadata", service="cloudformation"),)
