"""The operations of V1 (REST APIs): a file for each resource, a function for each operation."""
