"""Resource types that are only recorded, a whole service at a time: networks, domains, alarms.

A project that has them starts as it is. Nothing here acts like one, and each says so when it is made. What is in no
list (a type that is misspelt, say) is refused.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from dewstack.cloudformation.model import Resource
from dewstack.cloudformation.resources.base import Context, Outcome, Provider

ANY_ATTRIBUTE = "*"
"""The attribute that stands for every other one: of these types no list of attributes is kept here."""

SERVICES_BY_NAME = frozenset(
    """ACMPCA AccessAnalyzer AmazonMQ Amplify AppConfig AppRunner AppSync ApplicationAutoScaling ApplicationInsights
    ApplicationSignals Athena AutoScaling Backup Batch Bedrock Budgets CE Cassandra CertificateManager Chatbot Cloud9
    CloudFront CloudTrail CloudWatch CodeArtifact CodeBuild CodeCommit CodeDeploy CodePipeline CodeStarConnections
    CodeStarNotifications Config Connect DAX DLM DMS DataPipeline DataSync DocDB EC2 ECR ECS EFS EKS EMR ElastiCache
    ElasticBeanstalk ElasticLoadBalancing ElasticLoadBalancingV2 Elasticsearch EventSchemas FIS FSx Glue GuardDuty
    IVS InternetMonitor IoT KinesisAnalytics KinesisAnalyticsV2 KinesisFirehose KinesisVideo LakeFormation Lex Location
    Logs MSK MediaConvert MediaLive MemoryDB Neptune NetworkFirewall Oam OpenSearchServerless OpenSearchService
    Organizations Pinpoint Pipes QLDB QuickSight RAM RDS RUM Redshift RedshiftServerless Rekognition ResourceGroups
    Route53 Route53RecoveryControl Route53Resolver S3Express S3ObjectLambda SES SSMContacts SSMIncidents SageMaker
    SecurityHub ServiceCatalog ServiceCatalogAppRegistry ServiceDiscovery Shield Signer Synthetics Timestream Transfer
    WAF WAFRegional WAFv2 WorkSpaces XRay""".split()
)
TYPES_BY_NAME = frozenset(
    """AWS::ApiGatewayV2::VpcLink
    AWS::Cognito::IdentityPool AWS::Cognito::IdentityPoolRoleAttachment
    AWS::Events::ApiDestination AWS::Events::Archive AWS::Events::Connection AWS::Events::EventBusPolicy
    AWS::IAM::AccessKey AWS::IAM::Group AWS::IAM::GroupPolicy AWS::IAM::InstanceProfile AWS::IAM::OIDCProvider
    AWS::IAM::RolePolicy AWS::IAM::SAMLProvider AWS::IAM::ServiceLinkedRole AWS::IAM::User AWS::IAM::UserPolicy
    AWS::IAM::UserToGroupAddition AWS::KMS::ReplicaKey AWS::Kinesis::ResourcePolicy AWS::Kinesis::StreamConsumer
    AWS::Lambda::CodeSigningConfig AWS::S3::AccessPoint AWS::S3::StorageLens AWS::SNS::TopicInlinePolicy
    AWS::SQS::QueueInlinePolicy AWS::SSM::Association AWS::SSM::Document AWS::SSM::MaintenanceWindow
    AWS::SSM::PatchBaseline AWS::SSM::ResourcePolicy
    AWS::SecretsManager::ResourcePolicy AWS::SecretsManager::RotationSchedule
    AWS::SecretsManager::SecretTargetAttachment AWS::StepFunctions::Activity
    AWS::StepFunctions::StateMachineAlias AWS::StepFunctions::StateMachineVersion Alexa::ASK::Skill""".split()
)
"""What is recorded by name: whole services, and types of others."""
_NOTHING = "Recorded only: dewstack has nothing behind this type, it exists by name alone"


class RecordedOnly(Provider):
    """A resource of a type that nothing stands behind. `Ref` gives a name; GetAtt an ARN, the name, or a stand-in."""

    def __init__(self, kind: str, note: str) -> None:
        self._kind = kind
        self._note = note
        self.needs_capability = kind.startswith("AWS::IAM::")

    def accept(self, logical_id: str, properties: Mapping[str, Any]) -> dict[str, Any]:
        """Whatever is given."""
        return dict(properties)

    async def create(self, context: Context, properties: dict[str, Any]) -> Outcome:
        """Give it a name."""
        noun = self._kind.rpartition("::")[2]
        given = next((properties[name] for name in (f"{noun}Name", "Name") if name in properties), None)
        name = str(given or context.generated_name(64))
        service = self._kind.split("::")[1].lower()
        attributes = {
            "Arn": context.arn(service, f"{noun.lower()}/{name}"),
            "Id": name,
            "Name": name,
            ANY_ATTRIBUTE: f"recorded-only.{name}",
        }
        return Outcome(name, attributes, self._note)

    async def update(self, context: Context, current: Resource, properties: dict[str, Any]) -> Outcome:
        """Keep the name and the attributes."""
        return Outcome(current.physical_id, current.attributes, self._note)

    async def delete(self, context: Context, current: Resource) -> None:
        """Nothing was made."""


class ResourceTypes(Mapping[str, Provider]):
    """The types that have a provider each, and behind them those that are only recorded."""

    def __init__(self, made: Mapping[str, Provider], custom: Callable[[str], Provider]) -> None:
        """`custom` makes the provider of a type `Custom::…`."""
        self._made = dict(made)
        self._custom = custom

    def __getitem__(self, kind: str) -> Provider:
        if kind in self._made:
            return self._made[kind]
        if kind.startswith("Custom::"):
            return self._custom(kind)
        owner, _, rest = kind.partition("::")
        if kind in TYPES_BY_NAME or (owner == "AWS" and rest.partition("::")[0] in SERVICES_BY_NAME):
            return RecordedOnly(kind, _NOTHING)
        raise KeyError(kind)

    def __iter__(self) -> Iterator[str]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)
