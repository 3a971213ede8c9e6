package main

import (
	"bytes"
	"context"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const lifeSeconds = 300

// Padlock gets tokens for visitors who are logged in. One serves all goroutines.
type Padlock struct {
	url, issuer string
	key         *rsa.PrivateKey
	client      *http.Client
	mutex       sync.Mutex
	callerJWT   string
	goodUntil   time.Time
}

// Visitor is what a token is asked for.
type Visitor struct {
	UserID      string            `json:"userId"`
	VisitorData map[string]string `json:"visitorData,omitempty"`
}

// NewPadlock reads the key with which this backend signs its JWTs for Padlock.
func NewPadlock(url, issuer, keyFile string) (*Padlock, error) {
	pem, err := os.ReadFile(keyFile)
	if err != nil {
		return nil, err
	}
	key, err := jwt.ParseRSAPrivateKeyFromPEM(pem)
	if err != nil {
		return nil, err
	}
	client := &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		// Padlock answers within 2 seconds, with a token or with a code.
		Timeout: 3 * time.Second,
	}
	return &Padlock{url: url, issuer: issuer, key: key, client: client}, nil
}

// caller returns the JWT by which Padlock knows this backend; it is made anew a minute before it runs out.
func (p *Padlock) caller() (string, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	now := time.Now()
	if now.After(p.goodUntil) {
		expiry := now.Add(lifeSeconds * time.Second)
		signed, err := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{
			"iss":   p.issuer,
			"sub":   "shop-backend",
			"aud":   "padlock",
			"scope": "issue:default",
			"iat":   now.Unix(),
			"exp":   expiry.Unix(),
		}).SignedString(p.key)
		if err != nil {
			return "", err
		}
		p.callerJWT, p.goodUntil = signed, expiry.Add(-time.Minute)
	}
	return p.callerJWT, nil
}

// Token returns a token, and false when there is none to be had now.
func (p *Padlock) Token(ctx context.Context, visitor Visitor) (string, bool) {
	token, err := p.ask(ctx, visitor)
	if err != nil {
		log.Printf("Padlock: %v", err)
	}
	return token, err == nil
}

func (p *Padlock) ask(ctx context.Context, visitor Visitor) (string, error) {
	body, err := json.Marshal(visitor)
	if err != nil {
		return "", err
	}
	caller, err := p.caller()
	if err != nil {
		return "", err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url+"/v1/profiles/default/tokens", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	request.Header.Set("Authorization", "Bearer "+caller)
	request.Header.Set("Content-Type", "application/json")
	response, err := p.client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	var answer struct {
		Token, Code, RequestID string
		Errors                 []struct{ Pointer, Code string }
	}
	// Something else than Padlock may answer: then there is no token in it, and no code.
	_ = json.NewDecoder(response.Body).Decode(&answer)
	if response.StatusCode == http.StatusOK && answer.Token != "" {
		return answer.Token, nil
	}
	// These are fit for a log; the userId, the token and the JWT are not.
	var faults strings.Builder
	for _, fault := range answer.Errors {
		fmt.Fprintf(&faults, ", %s %s", fault.Pointer, fault.Code)
	}
	return "", fmt.Errorf("%d %s, request %s%s", response.StatusCode, answer.Code, answer.RequestID, faults.String())
}
