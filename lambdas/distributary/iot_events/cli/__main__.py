"""`python -m distributary.iot_events.cli`"""

import sys

from distributary.iot_events.cli.commands import main

sys.exit(main(sys.argv[1:], sys.stdout.write))
