"""Sphinx's settings."""

from importlib.metadata import version as installed_version

project = "nbnodes"
author = "the nbnodes developers"
copyright = "2026, the nbnodes developers"
release = version = installed_version("nbnodes")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_click",
    "sphinx_copybutton",
]
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3
copybutton_prompt_text = "$ "
html_theme = "pydata_sphinx_theme"
html_title = "nbnodes"
exclude_patterns = ["_build"]
autodoc_typehints = "none"
nitpick_ignore_regex = [
    ("py:.*", ".*"),  # there is no network to fetch other projects' inventories from
]
