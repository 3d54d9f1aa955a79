"""`python -m distributary.detectors`"""

import sys

from distributary.detectors.command_line import main

sys.exit(main(sys.argv[1:], sys.stdout.write))
