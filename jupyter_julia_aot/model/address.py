"""Addresses of model servers."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from jupyter_julia_aot.errors import SettingError


def normalise(address: str, origin: str) -> str:
    """``http://host:port/v1`` of what a user wrote; a bare host gets ``/v1``.

    Raises :class:`SettingError` naming ``origin`` when it is no http address.
    """
    text = address.strip()
    if "://" not in text:
        text = f"http://{text}"
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable:
        raise SettingError(
            f"{origin}: {address!r} is no address of a server", remedy="such as http://127.0.0.1:8080/v1"
        )
    path = parts.path.rstrip("/").removesuffix("/chat/completions").removesuffix("/completions")
    return f"{parts.scheme}://{parts.netloc}{path or '/v1'}"


def root_url(base_url: str) -> str:
    """The server's own address, without ``/v1``."""
    parts = urlsplit(base_url)
    return urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/").removesuffix("/v1"), "", ""))


def is_loopback(base_url: str) -> bool:
    """Whether the server is on this machine, where proxies have no place."""
    host = (urlsplit(base_url).hostname or "").lower()
    return host == "localhost" or host == "::1" or host.startswith("127.")
