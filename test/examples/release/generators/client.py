"""A client by openapi-python-client: it prints a token, and what an answer without one says."""

import json
import sys

from padlock_client import AuthenticatedClient
from padlock_client.api.tokens import issue_token
from padlock_client.models import FieldErrorCode, IssuedToken, Problem, TokenRequest, VisitorData

client = AuthenticatedClient(base_url=sys.argv[1], token=sys.argv[2])
visitor = TokenRequest(user_id="customer-8714", visitor_data=VisitorData(first_name="Jane"))
good = issue_token.sync("default", client=client, body=visitor)
bad = issue_token.sync("default", client=client, body=TokenRequest(user_id="undefined"))
assert isinstance(good, IssuedToken) and isinstance(bad, Problem)
assert good.expires_at > good.issued_at, "times are times"
assert isinstance(bad.errors[0].code, FieldErrorCode)
faults = [fault.code.value for fault in bad.errors]
print(json.dumps({"good": {"token": good.token}, "bad": {"code": bad.code.value, "faults": faults}}))
