"""HTTP and nothing else: requests in, answers out, for `/v1/events` and the AWS wire protocols."""
