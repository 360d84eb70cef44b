"""Whom TLS trusts here: the file of certificates that the environment names in place of those that requests brings.

requests looks for it at the first request only, and raises an `OSError` that is none of its own.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path

from netcfg.core.errors import BadTrust

_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")  # in the order in which requests asks for them


def check(environment: Mapping[str, str]) -> None:
    """What cannot be read trusts nobody, and is told before anybody is asked."""
    variable, path = next(((each, environment[each]) for each in _VARIABLES if environment.get(each)), ("", ""))
    if not path or Path(path).is_dir():  # a folder of certificates, each under the name that OpenSSL gives it
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except ssl.SSLError as error:
        raise BadTrust(variable, path, "it holds no certificate that can be read") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise BadTrust(variable, path, f"that cannot be read ({reason.lower()})") from error
