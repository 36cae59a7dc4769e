"""Sphinx: MyST pages, the API by autodoc, the commands by sphinx-click. Built by `scripts/docs`."""

import os
import re
from importlib.metadata import version as installed_version

from nbnodes import restified, session
from nbnodes.cache.intervals import Interval
from nbnodes.scheduler import options
from nbnodes.scheduler.remembered import Remembered
from nbnodes.scheduler.workers import RunFuture

# Names in annotations that the modules themselves need only as text; autodoc evaluates them.
session.RunFuture = RunFuture
session.Remembered = Remembered
options.Interval = Interval
restified.os = os

project = "nbnodes"
author = "the nbnodes contributors"
copyright = author
version = release = installed_version("nbnodes")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_click",
    "sphinx_copybutton",
]
exclude_patterns = ["_build"]
nitpicky = True

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

default_role = "code"  # docstrings write `names` as Markdown does
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
napoleon_use_ivar = True
python_use_unqualified_type_names = True
maximum_signature_line_length = 80

# Types of the standard library and of other packages. Their inventories would have to be fetched,
# and the documentation is built without a network, so intersphinx is not used.
nitpick_ignore_regex = [
    (
        r"py:.*",
        r"(asyncio|collections\.abc|concurrent\.futures|contextlib|contextvars|os|types)\..+",
    ),
    (r"py:.*", r"(nbformat|t|traitlets|typing)\..+"),  # traitlets calls typing `t`
    (r"py:.*", r"_asyncio\.Future"),
    (r"py:.*", r"(P|nbnodes\.engines\.reporting\.T)"),  # type variables
    (r"py:.*", r"(Domain|Kind)"),  # told in controls.md
    (r"py:.*", r"nbnodes\.(cache\.equality\._T|scheduler\.cached_run\.CachedRunner)"),  # inner
    (r"py:.*", r"nbnodes\.views\.events\.Source"),
]

html_theme = "pydata_sphinx_theme"
html_title = "nbnodes"
html_static_path = ["_static"]
html_css_files = ["custom.css"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "header_links_before_dropdown": 6,
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "show_prev_next": True,
}
html_sidebars = {
    "tutorial": [],
    "graphs": [],
    "live": [],
    "splitting": [],
    "serving": [],
    "changelog": [],
    "contributing": [],
}

copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
copybutton_only_copy_prompt_lines = True


def setup(app: object) -> None:
    """Add what no extension does."""
    app.connect("autodoc-process-signature", plain_defaults)


def plain_defaults(*event: object) -> tuple[str, str] | None:
    """Write `...` for defaults that are made, such as `<factory>`, which Sphinx cannot parse."""
    *_, signature, returns = event
    if signature is None:
        return None
    return re.sub(r"<(?:[^<>]|<[^<>]*>)*>", "...", signature), returns
