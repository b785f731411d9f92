"""Lambda functions as the data plane sees them: behind the Invoke API, whoever answers it."""
