"""Cloud Custodian as its own command runs it, but for the address of Resource Manager, which it takes from nowhere."""

import os
import sys

from azure.core.pipeline.policies import _authentication
from c7n.cli import main
from msrestazure import azure_cloud

azure_cloud.AZURE_PUBLIC_CLOUD.endpoints.resource_manager = os.environ["NETCFG_RESOURCE_MANAGER"]
# The SDK sends no token to a plain address, which the sandbox has.
_authentication._enforce_https = lambda _: None
sys.argv[0] = "custodian"
main()
