"""Tokens for visitors who are logged in, from Padlock. One module for FastAPI, Django and all others."""

import http.client
import json
import logging
import os
import threading
import time
import urllib.error
import urllib.request

import jwt

LOG = logging.getLogger("padlock")
LIFE_SECONDS = 300
_lock = threading.Lock()
_caller = {"jwt": "", "good_until": 0}


def _caller_jwt() -> str:
    """The JWT by which Padlock knows this backend; it is made anew a minute before it runs out."""
    with _lock:
        now = int(time.time())
        if now >= _caller["good_until"]:
            with open(os.environ["PADLOCK_CALLER_KEY_FILE"], "rb") as file:
                key = file.read()
            claims = {
                "iss": os.environ["PADLOCK_CALLER_ISSUER"],
                "sub": "shop-backend",
                "aud": "padlock",
                "scope": "issue:default",
                "iat": now,
                "exp": now + LIFE_SECONDS,
            }
            _caller["jwt"] = jwt.encode(claims, key, algorithm="RS256")
            _caller["good_until"] = now + LIFE_SECONDS - 60
        return _caller["jwt"]


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args):
        return None


_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)


def padlock_token(user_id: str, visitor_data: dict[str, str] | None = None) -> str | None:
    """A token; None when there is none to be had now. It waits: call it from a thread."""
    request = urllib.request.Request(
        os.environ["PADLOCK_URL"] + "/v1/profiles/default/tokens",
        data=json.dumps({"userId": user_id, "visitorData": visitor_data or {}}).encode(),
        headers={"Authorization": f"Bearer {_caller_jwt()}", "Content-Type": "application/json"},
    )
    try:
        # Padlock answers within 2 seconds, with a token or with a code.
        with _opener.open(request, timeout=3) as response:
            return str(json.load(response)["token"])
    except urllib.error.HTTPError as refusal:
        try:
            answer = json.load(refusal)
        except (ValueError, OSError):
            answer = {}
        # These are fit for a log; the user_id, the token and the JWT are not.
        faults = "".join(f", {fault['pointer']} {fault['code']}" for fault in answer.get("errors", []))
        code, request_id = answer.get("code"), answer.get("requestId")
        LOG.error("Padlock: %s %s, request %s%s", refusal.code, code, request_id, faults)
    except (OSError, http.client.HTTPException, ValueError, LookupError) as error:
        LOG.error("Padlock: %s", type(error).__name__)
    return None
