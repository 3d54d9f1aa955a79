"""What every function of Distributary carries: values in the middle, AWS at the rim."""

VERSION = "0.1.0"
