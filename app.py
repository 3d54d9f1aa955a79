"""The CDK app: one stack for the stage that the context names, as in `cdk deploy --context stage=prod`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "lambdas"))
sys.path.insert(0, str(Path(__file__).parent / "infra"))

from distributary.errors import DistributaryError
from distributary_cdk.checks import CheckedApp
from distributary_cdk.configuration_file import read, said
from distributary_cdk.deployed_stack import deployed_sinks, keeping_deployed
from distributary_cdk.stack import DistributaryStack

app = CheckedApp()
try:
    configuration = read(Path(__file__).with_name("distributary.toml"), app.node.try_get_context("stage") or "dev")
    name = f"distributary-{configuration.stage}"
    DistributaryStack(app, name, configuration=keeping_deployed(configuration, name, deployed_sinks))
except DistributaryError as error:
    sys.exit(said(error))
app.synth()
