// Makes tokens with go-jose, right and broken, and reads one of Padlock's: a JSON request in, a JSON answer out.
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"log"
	"os"

	"github.com/go-jose/go-jose/v4"
)

type request struct {
	Keys   map[string]string `json:"keys"`
	Claims string            `json:"claims"`
	Token  string            `json:"token"`
}

type reading struct {
	Jwe    map[string]any  `json:"jwe"`
	Jws    map[string]any  `json:"jws"`
	Claims json.RawMessage `json:"claims"`
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func parse(text string) any {
	block, _ := pem.Decode([]byte(text))
	if block.Type == "PUBLIC KEY" {
		return must(x509.ParsePKIXPublicKey(block.Bytes))
	}
	return must(x509.ParsePKCS8PrivateKey(block.Bytes))
}

func sign(claims string, alg jose.SignatureAlgorithm, key any) string {
	signer := must(jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, nil))
	return must(must(signer.Sign([]byte(claims))).CompactSerialize())
}

type encryption struct {
	alg     jose.KeyAlgorithm
	enc     jose.ContentEncryption
	zip     jose.CompressionAlgorithm
	withCty bool
}

func encrypt(content string, key any, how encryption) *jose.JSONWebEncryption {
	options := &jose.EncrypterOptions{Compression: how.zip}
	if how.withCty {
		options = options.WithContentType("JWT")
	}
	encrypter := must(jose.NewEncrypter(how.enc, jose.Recipient{Algorithm: how.alg, Key: key}, options))
	return must(encrypter.Encrypt([]byte(content)))
}

func header(h jose.Header) map[string]any {
	all := map[string]any{"alg": h.Algorithm}
	for name, value := range h.ExtraHeaders {
		all[string(name)] = value
	}
	return all
}

func read(token string, private, public any) reading {
	outer := must(jose.ParseEncryptedCompact(
		token, []jose.KeyAlgorithm{jose.RSA_OAEP_256}, []jose.ContentEncryption{jose.A256GCM}))
	inner := must(jose.ParseSignedCompact(
		string(must(outer.Decrypt(private))), []jose.SignatureAlgorithm{jose.RS256}))
	claims := must(inner.Verify(public))
	return reading{header(outer.Header), header(inner.Signatures[0].Protected), claims}
}

func main() {
	var in request
	if err := json.NewDecoder(os.Stdin).Decode(&in); err != nil {
		log.Fatal(err)
	}
	keys := map[string]any{}
	for name, text := range in.Keys {
		keys[name] = parse(text)
	}
	recipient := keys["recipientPublic"]
	good := sign(in.Claims, jose.RS256, keys["customerPrivate"])
	right := encryption{jose.RSA_OAEP_256, jose.A256GCM, jose.NONE, true}
	compact := func(content string, how encryption) string {
		return must(encrypt(content, recipient, how).CompactSerialize())
	}
	ecKey := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	secret := make([]byte, 32)
	rand.Read(secret)
	answer := map[string]any{
		"tokens": map[string]string{
			"good":               compact(good, right),
			"RSA-OAEP":           compact(good, encryption{jose.RSA_OAEP, jose.A256GCM, jose.NONE, true}),
			"RSA1_5":             compact(good, encryption{jose.RSA1_5, jose.A256GCM, jose.NONE, true}),
			"A128GCM":            compact(good, encryption{jose.RSA_OAEP_256, jose.A128GCM, jose.NONE, true}),
			"A256CBC-HS512":      compact(good, encryption{jose.RSA_OAEP_256, jose.A256CBC_HS512, jose.NONE, true}),
			"zip":                compact(good, encryption{jose.RSA_OAEP_256, jose.A256GCM, jose.DEFLATE, true}),
			"no cty":             compact(good, encryption{jose.RSA_OAEP_256, jose.A256GCM, jose.NONE, false}),
			"JSON serialization": encrypt(good, recipient, right).FullSerialize(),
			"not encrypted":      good,
			"not signed":         compact(in.Claims, right),
			"encrypted twice":    compact(compact(good, right), right),
			"PS256":              compact(sign(in.Claims, jose.PS256, keys["customerPrivate"]), right),
			"HS256":              compact(sign(in.Claims, jose.HS256, secret), right),
			"ES256":              compact(sign(in.Claims, jose.ES256, ecKey), right),
		},
		"read": read(in.Token, keys["recipientPrivate"], keys["customerPublic"]),
	}
	if err := json.NewEncoder(os.Stdout).Encode(answer); err != nil {
		log.Fatal(err)
	}
}
