"""A Success is written as text, JSON, HTML, table, picture or notebook, for people and programs."""

from nbnodes.formats.formats import FORMATS, format_named, formats_of, render
from nbnodes.formats.jsonable import json_text, jsonable

__all__ = ["FORMATS", "format_named", "formats_of", "json_text", "jsonable", "render"]
