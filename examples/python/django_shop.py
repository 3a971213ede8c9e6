"""A shop on Django, in one file: python django_shop.py runserver --noreload 8080"""

import json
import logging
import os
import secrets
import sys
from pathlib import Path

from django.conf import settings
from django.core.management import execute_from_command_line
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from padlock_token import padlock_token

logging.basicConfig(level=logging.INFO)
SHOP_ORIGIN = os.environ.get("SHOP_ORIGIN", "http://127.0.0.1:8080")
settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    SECRET_KEY=secrets.token_urlsafe(),
    ROOT_URLCONF=__name__,
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
    ],
    # In production: a store that all of the shop's processes share.
    SESSION_ENGINE="django.contrib.sessions.backends.cache",
    SESSION_COOKIE_NAME="session",
    SESSION_COOKIE_SECURE=SHOP_ORIGIN.startswith("https:"),
    SESSION_COOKIE_HTTPONLY=True,
    SESSION_COOKIE_SAMESITE="Lax",
)
# What stands for your shop's own customers.
customers = json.loads(Path(__file__).with_name("users.json").read_text("utf-8"))


def answer(status: int, body: dict | None = None) -> JsonResponse:
    return JsonResponse(body or {}, status=status, headers={"Cache-Control": "no-store"})


@csrf_exempt
def log_in(request: HttpRequest) -> JsonResponse:
    """Stands for your shop's own log-in."""
    given = json.loads(request.body)
    customer = customers.get(given.get("name"))
    if customer is None or not secrets.compare_digest(customer["password"], given.get("password", "")):
        return answer(401)
    request.session.cycle_key()
    request.session["name"] = given["name"]
    return answer(200)


@csrf_exempt
def log_out(request: HttpRequest) -> JsonResponse:
    request.session.flush()
    return answer(200)


# The check of Origin takes the place of Django's token: the endpoint changes nothing and needs no form.
@csrf_exempt
def chat_token(request: HttpRequest) -> JsonResponse:
    """The userId comes from the session, and from nothing else that the browser sends."""
    if request.method != "POST":
        return answer(405)
    # Browsers set Origin and no script can: a page of another site cannot ask in a visitor's name.
    if request.headers.get("Origin") != SHOP_ORIGIN:
        return answer(403)
    customer = customers.get(request.session.get("name"))
    if customer is None:
        return answer(401)
    token = padlock_token(customer["userId"], customer.get("visitorData"))
    return answer(503) if token is None else answer(200, {"token": token})


urlpatterns = [path("login", log_in), path("logout", log_out), path("chat-token", chat_token)]

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
