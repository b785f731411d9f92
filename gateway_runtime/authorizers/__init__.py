"""Who decides whether a caller may: Lambda functions, user pools and issuers of tokens."""
