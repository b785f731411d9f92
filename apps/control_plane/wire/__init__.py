"""AWS's wire protocol. Knows HTTP and botocore's service models; knows no resource."""
