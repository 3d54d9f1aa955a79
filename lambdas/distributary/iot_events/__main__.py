"""`python -m distributary.detectors`"""

import sys

from distributary.iot_events.cli.commands import main

sys.exit(main(sys.argv[1:], sys.stdout.write))
