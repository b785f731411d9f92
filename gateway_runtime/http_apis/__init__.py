"""HTTP APIs: their stages and routes, and what they do otherwise than REST APIs."""
