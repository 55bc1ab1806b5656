"""One module per benchmark that a visitor can run."""
