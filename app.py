"""The CDK app: one stack for a stage, as in `cdk deploy --context stage=prod --context config=path/to.toml`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "lambdas"))
sys.path.insert(0, str(Path(__file__).parent / "infra"))

from distributary_cdk.checks import CheckedApp
from distributary_cdk.configuration_file import faults_explained, read
from distributary_cdk.deployed_stack import deployed_sinks, keeping_deployed
from distributary_cdk.stack import DistributaryStack

app = CheckedApp()
file = Path(app.node.try_get_context("config") or Path(__file__).with_name("distributary.toml"))
with faults_explained(file):
    configuration = read(file, app.node.try_get_context("stage") or "dev")
    name = f"distributary-{configuration.stage}"
    DistributaryStack(app, name, configuration=keeping_deployed(configuration, name, deployed_sinks))
app.synth()
