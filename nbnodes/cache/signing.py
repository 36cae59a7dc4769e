"""The secret that marks entries as ours: a key file outside the cache that only its owner reads."""

from __future__ import annotations

import os
import stat

from nbnodes.cache.folders import user_folder
from nbnodes.errors import CacheError

_SIZE = 32


class Signer:
    """Signs content with the key in a file, which is made at the first signature.

    Args:
        path: The key file; default: `signing.key` in the user's data folder.
    """

    def __init__(self, path: str | None = None) -> None:
        self._path = path
        self._secret: bytes | None = None

    def sign(self, *parts: bytes) -> bytes:
        """Return the signature of these parts (HMAC-SHA-256, RFC 2104).

        Raises:
            CacheError: If there is no key file and none can be made, or others can read it.
        """
        import hashlib
        import hmac

        digest = hmac.new(self._key(create=True), digestmod=hashlib.sha256)
        for part in parts:
            digest.update(len(part).to_bytes(8, "big") + part)
        return digest.digest()

    def verify(self, signature: bytes, *parts: bytes) -> bool:
        """Whether the signature is ours and the parts are unchanged."""
        try:
            import hmac

            self._key(create=False)
            return hmac.compare_digest(signature, self.sign(*parts))
        except CacheError:
            return False

    def _key(self, *, create: bool) -> bytes:
        if self._secret is None:
            path = self._path or os.path.join(user_folder("data"), "signing.key")
            try:
                if create and not os.path.exists(path):
                    _make(path)
                self._secret = _read(path)
            except OSError as error:
                raise CacheError(f"the signing key {path} cannot be used: {error}") from error
        return self._secret


def _make(path: str) -> None:
    """Write a new key; of several processes that do so at once, one wins and all use its key."""
    import tempfile

    folder = os.path.dirname(os.path.abspath(path))
    os.makedirs(folder, mode=0o700, exist_ok=True)
    descriptor, part = tempfile.mkstemp(dir=folder)  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(os.urandom(_SIZE))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(part, path)
        except FileExistsError:
            return
    finally:
        os.unlink(part)


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
            raise PermissionError(f"others can read it; chmod 600 {path}")
        secret = file.read()
    if len(secret) != _SIZE:
        raise OSError(f"expected {_SIZE} bytes, found {len(secret)}")
    return secret
