"""A shop on FastAPI: uvicorn fastapi_shop:app --port 8080"""

import json
import logging
import os
import secrets
from pathlib import Path

from fastapi import Body, FastAPI, Request
from fastapi.responses import JSONResponse

from padlock_token import padlock_token

logging.basicConfig(level=logging.INFO)
SHOP_ORIGIN = os.environ.get("SHOP_ORIGIN", "http://127.0.0.1:8080")
# What stands for your shop's own customers and sessions: a random name in a cookie, and what it stands for, here.
customers = json.loads(Path(__file__).with_name("users.json").read_text("utf-8"))
sessions: dict[str, str] = {}
app = FastAPI()


def answer(status: int, body: dict | None = None) -> JSONResponse:
    return JSONResponse(body or {}, status, {"Cache-Control": "no-store"})


@app.post("/login")
def log_in(name: str = Body(), password: str = Body()) -> JSONResponse:
    """Stands for your shop's own log-in."""
    if name not in customers or not secrets.compare_digest(customers[name]["password"], password):
        return answer(401)
    session = secrets.token_urlsafe()
    sessions[session] = name
    response = answer(200)
    secure = SHOP_ORIGIN.startswith("https:")
    response.set_cookie("session", session, httponly=True, secure=secure, samesite="lax")
    return response


@app.post("/logout")
def log_out(request: Request) -> JSONResponse:
    sessions.pop(request.cookies.get("session", ""), None)
    return answer(200)


@app.api_route("/chat-token", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
def chat_token(request: Request) -> JSONResponse:
    """The userId comes from the session, and from nothing else that the browser sends.

    It is no `async def`: FastAPI runs it on a thread, on which it may wait for Padlock.
    """
    if request.method != "POST":
        return answer(405)
    # Browsers set Origin and no script can: a page of another site cannot ask in a visitor's name.
    if request.headers.get("origin") != SHOP_ORIGIN:
        return answer(403)
    name = sessions.get(request.cookies.get("session", ""))
    if name is None:
        return answer(401)
    token = padlock_token(customers[name]["userId"], customers[name].get("visitorData"))
    return answer(503) if token is None else answer(200, {"token": token})
