import pytest
from any_settings import any_settings
from aws_cdk.assertions import Template

from distributary.errors import SettingsError
from distributary.functions.needs import NEEDS
from distributary.functions.stage_sinks import DEPLOYED_SINKS, WRITTEN_SINKS, StageSinks
from distributary.ingest.envelope import EventSettings
from distributary.settings import StageSettings
from distributary.sinks.kinesis import KinesisSettings
from distributary_cdk.bundle import LAMBDAS
from distributary_cdk.configuration import ReservedProps
from distributary_cdk.function import Function, bundled, checked_environment, environment_of
from distributary_cdk.routes import ROUTES


@pytest.fixture
def settings(configuration):
    """What the function shall know."""
    return configuration.settings(delivery_stream_name="d", stream_name="s", message_queue_url="https://q.example/q")


@pytest.fixture
def function(stack, configured, settings):
    """One function, deployed alone."""
    configuration = configured(functions={"memory_mb": 384})
    return Function(stack, "CheckHealth", folder="check_health", configuration=configuration, settings=settings)


def test_runtime(function, properties):
    """Python 3.14 on arm64, with memory as configured, ending before API Gateway stops waiting."""
    deployed = properties("AWS::Lambda::Function")

    assert (deployed["Runtime"], deployed["Architectures"]) == ("python3.14", ["arm64"])
    assert (deployed["MemorySize"], deployed["Timeout"]) == (384, 29)
    assert deployed["Handler"] == "handler.handle"
    assert not {"FunctionName", "ReservedConcurrentExecutions"} & deployed.keys()


def test_concurrency_and_timeout_of_its_own(stack, configured, settings, properties):
    """A function may have concurrency reserved by its folder's name, and a timeout that is not the request's."""
    configuration = configured(functions={"reserved_concurrency": ReservedProps(ingest=7)})
    Function(stack, "Ingest", folder="ingest", configuration=configuration, settings=settings, seconds=20)

    deployed = properties("AWS::Lambda::Function")
    assert (deployed["ReservedConcurrentExecutions"], deployed["Timeout"]) == (7, 20)


def test_outputs(stack, function):
    """Commands find the function and its log under its label."""
    template = Template.from_stack(stack)
    [deployed] = template.find_resources("AWS::Lambda::Function")
    [group] = template.find_resources("AWS::Logs::LogGroup")

    assert stack.resolve(function.outputs) == {
        "HealthFunctionName": {"Ref": deployed},
        "HealthLogGroupName": {"Ref": group},
    }


def test_settings_travel(function, properties, settings):
    """The settings that infra wrote are those that the function reads."""
    variables = properties("AWS::Lambda::Function")["Environment"]["Variables"]

    assert variables == environment_of("check_health", settings)
    assert StageSettings.from_env(variables) in settings
    assert StageSinks.from_env(variables) == StageSinks(sinks=("firehose", "kinesis", "iot_events"))


def test_log(stack, function, properties):
    """It logs to a group of its own, which forgets; Lambda drops its own lines below the level, and no metric."""
    [group] = Template.from_stack(stack).find_resources("AWS::Logs::LogGroup")

    assert properties("AWS::Lambda::Function")["LoggingConfig"] == {
        "LogGroup": {"Ref": group},
        "LogFormat": "JSON",
        "ApplicationLogLevel": "INFO",
        "SystemLogLevel": "INFO",
    }
    assert properties("AWS::Logs::LogGroup") == {"RetentionInDays": 7}


def test_role(stack, function, properties):
    """Its role is its own and may write that log, and nothing else."""
    [group] = Template.from_stack(stack).find_resources("AWS::Logs::LogGroup")
    logs = {"Fn::GetAtt": [group, "Arn"]}

    assert "ManagedPolicyArns" not in properties("AWS::IAM::Role")
    assert properties("AWS::IAM::Policy")["PolicyDocument"]["Statement"] == [
        {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": logs}
    ]


def test_asset(stack, configured, settings):
    """The asset is named by what is in it: rules travel as a file, so another rule is another asset."""
    others = {"Before": {}, "Same": {"log_level": "DEBUG"}, "After": {"rules": ({"sinks": ["kinesis"]},)}}
    for name, changes in others.items():
        Function(stack, name, folder="check_health", configuration=configured(**changes), settings=settings)

    functions = Template.from_stack(stack).find_resources("AWS::Lambda::Function")

    keys = {name[:-8]: each["Properties"]["Code"]["S3Key"] for name, each in functions.items()}
    assert keys["Before"] == keys["Same"] != keys["After"]


def test_configuration_file(configured):
    """What travels as a file: the routes, the rules and the inputs, and nothing that the environment holds."""
    rules = ({"sinks": ["kinesis"]},)

    assert bundled(configured(rules=rules, inputs={})) == {
        "routes": [route._asdict() for route in ROUTES],
        "absent": [],
        "webhook_origins": (),
        "rules": rules,
        "inputs": {},
    }


def test_environment_fits(settings):
    """An environment that Lambda takes is passed on as it is."""
    variables = environment_of("ingest", settings)

    assert checked_environment(variables) == variables


def test_environment_at_its_limit():
    """Names and values may take 4,096 bytes together; one more is a fault that says so."""
    assert checked_environment({"NAME": "x" * 4092})
    with pytest.raises(SettingsError, match="takes 4097 bytes; Lambda takes 4096"):
        checked_environment({"NAME": "ü" * 2046 + "x"})


def test_environment_of_unknown_length(function):
    """A value that only the deployment knows counts for what it may take, not for its placeholder."""
    unknown = {f"N{index}": function.function_arn for index in range(26)}

    with pytest.raises(SettingsError, match="environment takes 42"):
        checked_environment(unknown)


@pytest.mark.parametrize("folder", sorted(path.parent.name for path in LAMBDAS.glob("*/handler.py")))
def test_a_function_has_its_own_settings_only(folder):
    """Its parts and those of its sinks: a part that it does not read costs none of its 4 KB. A quarter stays free."""
    variables = environment_of(folder, any_settings())
    unknown = ("_URL", "_NAME", "_ARN")
    sizes = [len(name) + (160 if name.endswith(unknown) else len(value)) for name, value in variables.items()]

    assert any(name.startswith("DISTRIBUTARY_KINESIS_") for name in variables) == (
        NEEDS[folder].sinks in (WRITTEN_SINKS, DEPLOYED_SINKS)
    )
    assert sum(sizes) <= 3072


def test_a_part_that_is_missing_is_named():
    """A function that reads a part which the stack does not give it would end at its start."""
    with pytest.raises(SettingsError, match="ingest lacks EventSettings, KinesisSettings"):
        environment_of(
            "ingest",
            [one for one in any_settings() if type(one) not in (EventSettings, KinesisSettings)],
        )


def test_alarms(function):
    """Any error, throttles for some minutes, and runs of nine tenths of the timeout."""
    watches = list(function.alarms())

    assert [(watch.kind, watch.threshold, watch.periods) for watch in watches] == [
        ("function-errors", 0, 1),
        ("function-throttles", 0, 5),
        ("function-slow", 26_100, 1),
    ]
    assert {watch.of for watch in watches} == {function}


@pytest.mark.parametrize(("graphed", "titles"), [(False, []), (True, ["Errors", "Throttles"])])
def test_graphs(stack, configuration, settings, graphed, titles):
    """A function that events go through has graphs beside its alarms."""
    function = Function(
        stack, "Redrive", folder="redrive", configuration=configuration, settings=settings, graphed=graphed
    )

    assert [graph.title for graph in function.graphs()] == titles
    assert [metric.label for graph in function.graphs() for metric in graph.metrics] == ["Redrive"] * len(titles)


def test_a_timeout_of_its_own(stack, configuration, settings):
    """Is what its slow runs are measured by."""
    function = Function(
        stack, "CarryOut", folder="carry_out", configuration=configuration, settings=any_settings(), seconds=60
    )
    *_, slow = function.alarms()

    assert slow.threshold == 54_000
