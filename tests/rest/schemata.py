"""A server's own OpenAPI document becomes requests, right and wrong ones, and claims of answers.

No request may fail by the server's own fault, and none may be answered with what the document does
not tell: a status, a media type, a header, a shape.
"""

from __future__ import annotations

from collections.abc import Mapping

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import CHECKS, load_all_checks

NOT_ASKED = (
    "ignored_auth",  # the security tests do
    "positive_data_acceptance",  # a notebook may fail with what it declares to take
    "use_after_free",  # a job that was stopped is there still
    "ensure_resource_availability",
    "object_level_authorization",
)


def undocumented(
    url: str, headers: Mapping[str, str], mode: GenerationMode, *, examples: int
) -> dict[str, str]:
    """Ask each operation of a server; return by name what its document does not tell.

    Args:
        url: Where `openapi.json` stands, with a slash at its end.
        headers: What lets us in.
        mode: Whether to make requests as the document tells, or others.
        examples: How many of each operation.
    """
    load_all_checks()
    told = dict(headers)
    schema = schemathesis.openapi.from_url(f"{url}openapi.json", headers=told)
    found = {}
    for one in schema.get_all_operations():
        operation = one.ok()
        try:
            _ask(operation, told, mode, examples)
        except Unsatisfiable:  # it takes nothing that could be wrong
            continue
        except BaseExceptionGroup as group:
            found[operation.label] = "\n\n".join(str(error) for error in group.exceptions)
        except AssertionError as error:
            found[operation.label] = str(error)
    return found


def _ask(
    operation: APIOperation, headers: dict[str, str], mode: GenerationMode, examples: int
) -> None:
    excluded = [check for check in CHECKS.get_all() if _name(check) in NOT_ASKED]

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Case) -> None:
        case.call_and_validate(headers=headers, excluded_checks=excluded, timeout=60)

    ask()


def _name(check: object) -> str:
    return str(getattr(check, "__name__", type(check).__name__))
