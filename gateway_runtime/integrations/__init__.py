"""The kinds of back end: how a request to each is made, sent and answered."""
