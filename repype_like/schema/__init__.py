"""What there is to be written in a ``task.yml``, for editors and for people: names, types, defaults, documentation."""

from repype_like.schema.docs import ParameterDocs, docs_of
from repype_like.schema.schema import DIALECT, hint_of, schema_of
from repype_like.schema.types import is_sayable, schema_for

__all__ = ["DIALECT", "ParameterDocs", "docs_of", "hint_of", "is_sayable", "schema_for", "schema_of"]
