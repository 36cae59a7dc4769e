"""Stage 8: models and graphs over HTTP: endpoints, jobs, pages; one set of handlers."""
