"""IAM where requests are served: what is asked for, under which conditions, by whom, and how a refusal sounds."""
