"""AWS services as integrations name them: by the first part of their address. How each takes an action, and how its requests are signed.

The tables are those of AWS's service models; a test compares them.
"""

from __future__ import annotations

from typing import NamedTuple

# Services whose actions travel in JSON: name, prefix of `X-Amz-Target`, version of the JSON.
_JSON = """
acm CertificateManager 1.1
acm-pca ACMPrivateCA 1.1
aco-automation ComputeOptimizerAutomationService 1.0
agreement-marketplace AWSMPCommerceService_v20200301 1.0
airflow-serverless AmazonMWAAServerless 1.0
aoss OpenSearchServerless 1.0
api.ecr AmazonEC2ContainerRegistry_V20150921 1.1
api.ecr-public SpencerFrontendService 1.1
api.pricing AWSPriceListService 1.1
api.sagemaker SageMaker 1.1
api.tunneling.iot IoTSecuredTunneling 1.1
application-autoscaling AnyScaleFrontendService 1.1
applicationinsights EC2WindowsBarleyService 1.1
apprunner AppRunner 1.0
appstream2 PhotonAdminProxyService 1.1
arc-region-switch ArcRegionSwitch 1.0
athena AmazonAthena 1.1
autoscaling-plans AnyScaleScalingPlannerFrontendService 1.1
b2bi B2BI 1.0
backup-gateway BackupOnPremises_v20210101 1.0
bcm-dashboards AWSBCMDashboardsService 1.0
bcm-data-exports AWSBillingAndCostManagementDataExports 1.1
bcm-pricing-calculator AWSBCMPricingCalculator 1.0
bcm-recommended-actions AWSBillingAndCostManagementRecommendedActions 1.0
bedrock-data-automation-runtime AmazonBedrockKeystoneRuntimeService 1.1
billing AWSBilling 1.0
budgets AWSBudgetServiceGateway 1.1
cassandra KeyspacesService 1.0
cassandra-streams KeyspacesStreams 1.0
ce AWSInsightsIndexService 1.1
cloud9 AWSCloud9WorkspaceManagementService 1.1
cloudcontrolapi CloudApiService 1.0
cloudhsm CloudHsmFrontendService 1.1
cloudhsmv2 BaldrApiService 1.1
cloudtrail com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101 1.1
codebuild CodeBuild_20161006 1.1
codecommit CodeCommit_20150413 1.1
codeconnections com.amazonaws.codeconnections.CodeConnections_20231201 1.0
codedeploy CodeDeploy_20141006 1.1
codepipeline CodePipeline_20150709 1.1
codestar-connections com.amazonaws.codestar.connections.CodeStar_connections_20191201 1.0
cognito-identity AWSCognitoIdentityService 1.1
cognito-idp AWSCognitoIdentityProviderService 1.1
comprehend Comprehend_20171127 1.1
comprehendmedical ComprehendMedical_20181030 1.1
compute-optimizer ComputeOptimizerService 1.0
config StarlingDoveService 1.1
controlplane.payment-cryptography PaymentCryptographyControlPlane 1.0
cost-optimization-hub CostOptimizationHubService 1.0
cur AWSOrigamiServiceGatewayService 1.1
datapipeline DataPipeline 1.1
datasync FmrsService 1.1
dax AmazonDAXV3 1.1
devicefarm DeviceFarm_20150623 1.1
directconnect OvertureService 1.1
discovery AWSPoseidonService_V2015_11_01 1.1
dms AmazonDMSv20160101 1.1
ds DirectoryService_20150416 1.1
dynamodb DynamoDB_20120810 1.0
ec2-instance-connect AWSEC2InstanceConnectService 1.1
ecs AmazonEC2ContainerServiceV20141113 1.1
elasticmapreduce ElasticMapReduce 1.1
entitlement.marketplace AWSMPEntitlementService 1.1
events AWSEvents 1.1
evs AmazonElasticVMwareService 1.0
firehose Firehose_20150804 1.1
fms AWSFMS_20180101 1.1
forecast AmazonForecast 1.1
forecastquery AmazonForecastRuntime 1.1
frauddetector AWSHawksNestServiceFacade 1.1
freetier AWSFreeTierService 1.0
fsx AWSSimbaAPIService_v20180301 1.1
gamelift GameLift 1.1
globalaccelerator GlobalAccelerator_V20180706 1.1
glue AWSGlue 1.1
health AWSHealth_20160804 1.1
healthlake HealthLake 1.0
identitystore AWSIdentityStore 1.1
ingest.timestream Timestream_20181101 1.0
inspector InspectorService 1.1
interconnect Interconnect 1.0
invoicing Invoicing 1.0
iotfleetwise IoTAutobahnControlPlane 1.0
iotthingsgraph IotThingsGraphFrontEndService 1.1
kendra AWSKendraFrontendService 1.1
kendra-ranking AWSKendraRerankingFrontendService 1.0
kinesis Kinesis_20131202 1.1
kinesisanalytics KinesisAnalytics_20180523 1.1
kms TrentService 1.1
license-manager AWSLicenseManager 1.1
lightsail Lightsail_20161128 1.1
logs Logs_20140328 1.1
lookoutequipment AWSLookoutEquipmentFrontendService 1.0
machinelearning AmazonML_20141212 1.1
mail-manager MailManagerSvc 1.0
marketplacecommerceanalytics MarketplaceCommerceAnalytics20150701 1.1
mediastore MediaStore_20170901 1.1
memory-db AmazonMemoryDB 1.1
metering.marketplace AWSMPMeteringService 1.1
mgh AWSMigrationHub 1.1
migrationhub-config AWSMigrationHubMultiAccountService 1.1
mturk-requester MTurkRequesterServiceV20170117 1.1
network-firewall NetworkFirewall_20201112 1.0
odb Odb 1.0
organizations AWSOrganizationsV20161128 1.1
osm OpenSearchMemory 1.0
partnercentral-account PartnerCentralAccount 1.0
partnercentral-benefits PartnerCentralBenefitsService 1.0
partnercentral-channel PartnerCentralChannel 1.0
partnercentral-selling AWSPartnerCentralSelling 1.0
pcs AWSParallelComputingService 1.0
personalize AmazonPersonalize 1.1
pi PerformanceInsightsv20180227 1.1
proton AwsProton20200720 1.0
query.timestream Timestream_20181101 1.0
redshift-data RedshiftData 1.1
redshift-serverless RedshiftServerless 1.1
rekognition RekognitionService 1.1
route53-recovery-cluster ToggleCustomerAPI 1.0
route53domains Route53Domains_v20140515 1.1
route53resolver Route53Resolver 1.1
secretsmanager secretsmanager 1.1
servicecatalog AWS242ServiceCatalogService 1.1
servicediscovery Route53AutoNaming_v20170314 1.1
servicequotas ServiceQuotasV20190624 1.1
shield AWSShield_20160616 1.1
sms-voice PinpointSMSVoiceV2 1.0
snowball AWSIESnowballJobManagementService 1.1
ssm-contacts SSMContacts 1.1
sso SWBExternalService 1.1
states AWSStepFunctions 1.0
storagegateway StorageGateway_20130630 1.1
streams.dynamodb DynamoDBStreams_20120810 1.0
support AWSSupport_20130415 1.1
swf SimpleWorkflowService 1.0
tagging ResourceGroupsTaggingAPI_20170126 1.1
textract Textract 1.1
timestream-influxdb AmazonTimestreamInfluxDB 1.0
transcribe Transcribe 1.1
transfer TransferService 1.1
translate AWSShineFrontendService_20170701 1.1
verifiedpermissions VerifiedPermissions 1.0
voiceid VoiceID 1.0
waf AWSWAF_20150824 1.1
waf-regional AWSWAF_Regional_20161128 1.1
wafv2 AWSWAF_20190729 1.1
workmail WorkMailService 1.1
workspaces WorkspacesService 1.1
workspaces-instances EUCMIFrontendAPIService 1.0
"""

# Services whose actions travel as a query, and the version of each. Two that have gone over to JSON still take the
# query from integrations: their recorded answers have its shape.
_QUERY = """
autoscaling=2011-01-01 cloudformation=2010-05-15 cloudsearch=2013-01-01 ec2=2016-11-15 elasticache=2015-02-02
elasticbeanstalk=2010-12-01 elasticloadbalancing=2015-12-01 email=2010-12-01 iam=2010-05-08
monitoring=2010-08-01 rds=2014-10-31 redshift=2012-12-01 sns=2010-03-31 sqs=2012-11-05 ssm=2014-11-06
sts=2011-06-15
"""

# Services that requests are signed for under another name.
_SIGNED_AS = """
account-access-runtime=account-access agent-registry-control=agent-registry
agreement-marketplace=aws-marketplace api.tunneling.iot=IoTSecuredTunneling appconfigdata=appconfig
appstream2=appstream bedrock-agent=bedrock bedrock-agent-runtime=bedrock
bedrock-agentcore-control=bedrock-agentcore bedrock-data-automation=bedrock
bedrock-data-automation-runtime=bedrock bedrock-runtime=bedrock cassandra-streams=cassandra
catalog.marketplace=aws-marketplace cloudhsmv2=cloudhsm cloudsearchdomain=cloudsearch
cloudwatch-omni=cloudwatch contact-lens=connect data-ats.iot=iotdata data-signer=signer
data.jobs.iot=iot-jobs-data deployment-marketplace=aws-marketplace discovery-marketplace=aws-marketplace
email=ses entitlement.marketplace=aws-marketplace eventsv2=events forecastquery=forecast iam-toolbox=iam
identity-chime=chime ivsrealtime=ivs mail-manager=ses media-pipelines-chime=chime meetings-chime=chime
memory-db=memorydb messaging-chime=chime metering.marketplace=aws-marketplace migrationhub-config=mgh
models-v2-lex=lex oidc=sso-oauth participant.connect=execute-api partnercentral-prm=partnercentral
personalize-events=personalize personalize-runtime=personalize pinpoint=mobiletargeting
portal.sso=awsssoportal reporting-marketplace=aws-marketplace runtime-v2-lex=lex s3-control=s3
servicecatalog-appregistry=servicecatalog sms-voice.pinpoint=sms-voice voice-chime=chime
"""

# Services with one address for all regions of a partition, and the region that their requests are signed for.
_GLOBAL = frozenset({"cloudfront", "iam", "organizations", "route53", "waf"})
_GLOBAL_REGIONS = {"aws": "us-east-1", "aws-cn": "cn-northwest-1", "aws-us-gov": "us-gov-west-1"}
_SUFFIXES = {"aws-cn": "amazonaws.com.cn"}


class JsonAction(NamedTuple):
    """`POST /` with `X-Amz-Target: {target_prefix}.{action}` and a body of JSON."""

    target_prefix: str
    version: str

    @property
    def content_type(self) -> str:
        return f"application/x-amz-json-{self.version}"


class QueryAction(NamedTuple):
    """`/?Action={action}&Version={version}`, with parameters in the query or in a form."""

    version: str


def _pairs(text: str) -> dict[str, str]:
    return {name: value for name, _, value in (item.partition("=") for item in text.split())}


_ACTIONS: dict[str, JsonAction | QueryAction] = {
    **{name: JsonAction(prefix, version) for name, prefix, version in map(str.split, _JSON.strip().split("\n"))},
    **{name: QueryAction(version) for name, version in _pairs(_QUERY).items()},
}
_SIGNING_NAMES = _pairs(_SIGNED_AS)


def action_of(name: str) -> JsonAction | QueryAction | None:
    """How a service (with its subdomain, such as `streams.dynamodb`) takes actions; None when it takes none, or is not known."""
    return _ACTIONS.get(name)


def signing_name(name: str) -> str:
    """What a service's requests are signed for."""
    return _SIGNING_NAMES.get(name) or name.rpartition(".")[2]


def signing_region(name: str, region: str, partition: str) -> str:
    return _GLOBAL_REGIONS.get(partition, region) if name in _GLOBAL else region


def host_of(name: str, region: str, partition: str) -> str:
    """The address of a service on AWS."""
    suffix = _SUFFIXES.get(partition, "amazonaws.com")
    return f"{name}.{suffix}" if name in _GLOBAL else f"{name}.{region}.{suffix}"
