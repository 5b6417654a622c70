"""The study's configuration: pydantic models, the only place where defaults live."""
