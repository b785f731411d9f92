"""What goes from a request to the back end and back: parameters, templates, `$context` variables."""
