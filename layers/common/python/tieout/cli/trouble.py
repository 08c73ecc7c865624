"""What a person did or lacks, told so that they know what to do; never a traceback."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tieout.config import ConfigError
from tieout.domain.errors import CredentialsRefused, Throttled, TieoutError

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

SOMETHING_TO_DO = 1
CANNOT = 2


class MistakeError(Exception):
    """What was asked for cannot be done; the message says what to do instead."""


def told(error: Exception) -> str | None:
    """The words for a failure that a person can mend; None for one that is ours."""
    if isinstance(error, MistakeError | ConfigError):
        return str(error)
    if isinstance(error, CredentialsRefused):
        return f"{error}. `tieout doctor` checks every credential."
    if isinstance(error, Throttled):
        after = f"{error.after_seconds:.0f} seconds" if error.after_seconds else "a minute"
        return f"{error}: not so fast. Nothing was lost; try again after {after}."
    if isinstance(error, TieoutError):
        return f"{error}. Nothing was lost; try again in a few minutes."
    return _told_of_aws(error)


def _told_of_aws(error: Exception) -> str | None:
    from botocore import exceptions as aws  # noqa: PLC0415  slow to load, and only needed when AWS was called

    words: Mapping[tuple[type[Exception], ...], str] = {
        (aws.NoCredentialsError, aws.PartialCredentialsError, aws.CredentialRetrievalError): (
            "No AWS credentials: sign in (for example `aws sso login`), or name a profile with --profile."
        ),
        (aws.TokenRetrievalError, aws.UnauthorizedSSOTokenError, aws.SSOTokenLoadError): (
            "The AWS sign-in has expired: sign in again (`aws sso login`)."
        ),
        (aws.ProfileNotFound,): f"{error}: name one of `aws configure list-profiles` with --profile.",
        (aws.NoRegionError,): "No AWS region: name the deployment's with --region, or set AWS_REGION.",
        (aws.EndpointConnectionError, aws.ConnectTimeoutError, aws.ReadTimeoutError): f"AWS does not answer: {error}.",
    }
    if isinstance(error, aws.ClientError):
        return _told_of_refusal(error)
    return next((told_so for kinds, told_so in words.items() if isinstance(error, kinds)), None)


def _told_of_refusal(error: ClientError) -> str:
    code = error.response.get("Error", {}).get("Code", "")
    if "AccessDenied" in code or code in {"UnauthorizedOperation", "AuthorizationError"}:
        who = "These AWS credentials may not do that"
        return f"{who} ({error.operation_name}): use a role that docs/operations/deploy.md names for operations."
    if code in {"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException"}:
        return "AWS refuses these credentials: sign in again, or name a profile with --profile."
    if code == "ResourceNotFoundException":
        return f"{error}: is the deployment's name right (--config, --deployment, --region)?"
    return f"AWS refused {error.operation_name}: {error}"
