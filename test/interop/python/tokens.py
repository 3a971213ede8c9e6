"""Makes tokens with jwcrypto, right and broken, and reads one of Padlock's: a JSON request in, a JSON answer out."""

import json
import sys

from jwcrypto import jwe, jwk, jws

request = json.load(sys.stdin)
keys = {name: jwk.JWK.from_pem(pem.encode()) for name, pem in request["keys"].items()}
GOOD = {"alg": "RSA-OAEP-256", "enc": "A256GCM", "cty": "JWT"}


def sign(alg="RS256", key=keys["customerPrivate"]):
    token = jws.JWS(request["claims"].encode())
    token.allowed_algs = [alg]
    token.add_signature(key, alg=alg, protected=json.dumps({"alg": alg}))
    return token.serialize(compact=True)


def encrypt(content, compact=True, **changes):
    header = {**GOOD, **changes}
    header = {name: value for name, value in header.items() if value is not None}
    token = jwe.JWE(content.encode(), protected=json.dumps(header))
    token.allowed_algs = [header["alg"], header["enc"]]
    token.add_recipient(keys["recipientPublic"])
    return token.serialize(compact=compact)


def read(text):
    outer = jwe.JWE()
    outer.allowed_algs = ["RSA-OAEP-256", "A256GCM"]
    outer.deserialize(text, key=keys["recipientPrivate"])
    inner = jws.JWS()
    inner.allowed_algs = ["RS256"]
    inner.deserialize(outer.payload.decode(), key=keys["customerPublic"])
    return {"jwe": outer.jose_header, "jws": inner.jose_header, "claims": json.loads(inner.payload)}


good = sign()
tokens = {
    "good": encrypt(good),
    "RSA-OAEP": encrypt(good, alg="RSA-OAEP"),
    "RSA1_5": encrypt(good, alg="RSA1_5"),
    "A128GCM": encrypt(good, enc="A128GCM"),
    "A256CBC-HS512": encrypt(good, enc="A256CBC-HS512"),
    "zip": encrypt(good, zip="DEF"),
    "no cty": encrypt(good, cty=None),
    "JSON serialization": encrypt(good, compact=False),
    "not encrypted": good,
    "not signed": encrypt(request["claims"]),
    "encrypted twice": encrypt(encrypt(good)),
    "PS256": encrypt(sign("PS256")),
    "HS256": encrypt(sign("HS256", jwk.JWK.generate(kty="oct", size=256))),
    "ES256": encrypt(sign("ES256", jwk.JWK.generate(kty="EC", crv="P-256"))),
}
json.dump({"tokens": tokens, "read": read(request["token"])}, sys.stdout)
