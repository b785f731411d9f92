"""The operations of AWS Lambda that an API gateway has need of: a file for each resource, a function for each operation."""
