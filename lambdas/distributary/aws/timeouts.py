"""How long a call to AWS may take, and so how long before a deadline the last one may start: all in seconds."""

CONNECT = 1.0
READ = 3.0
READ_KEY = 1.0
"""Of a call that looks a key up: a request waits for it before anything else."""
ATTEMPTS = 2
"""Of one call, the first included: clients re-send calls, `delivery` re-sends records, never both."""
BACKOFF = 1.0
"""The longest pause before a second attempt (after a throttled one), as in botocore's mode `standard`.

Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
"""
TRANSIENT_BACKOFF = 0.05
"""The longest pause before a second attempt after anything but throttling: botocore's `standard`."""

CALL = ATTEMPTS * (CONNECT + READ) + BACKOFF
"""The longest one call."""
ROUNDS = 3.0
"""How long one put goes on starting calls where it takes several, one after the other (a FIFO group's messages)."""
PUT = ROUNDS + CALL
"""The longest one `Sink.put`."""
KEEPING = CALL + 2.0
"""What a delivery leaves for the retry queue and dead letters: one call at its longest, or several that go well."""
ANSWER = 0.5
"""Left over for writing the answer."""
