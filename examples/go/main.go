// A shop's backend: its pages get their token for the chat from POST /chat-token.
package main

import (
	"crypto/subtle"
	"encoding/json"
	"log"
	"net/http"
	"os"
	"strings"

	"github.com/alexedwards/scs/v2"
)

// customer stands for your shop's own.
type customer struct {
	Password    string
	UserID      string
	VisitorData map[string]string
}

func answer(w http.ResponseWriter, status int, body map[string]string) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func variable(name, standard string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return standard
}

func main() {
	origin := variable("SHOP_ORIGIN", "http://127.0.0.1:8080")
	padlock, err := NewPadlock(os.Getenv("PADLOCK_URL"), os.Getenv("PADLOCK_CALLER_ISSUER"), variable("PADLOCK_CALLER_KEY_FILE", "caller-key.pem"))
	if err != nil {
		log.Fatal(err)
	}
	customers := map[string]customer{}
	users, err := os.ReadFile("users.json")
	if err == nil {
		err = json.Unmarshal(users, &customers)
	}
	if err != nil {
		log.Fatal(err)
	}
	// In production: a store that all of the shop's processes share.
	sessions := scs.New()
	sessions.Cookie.Secure = strings.HasPrefix(origin, "https:")
	sessions.Cookie.HttpOnly = true
	sessions.Cookie.SameSite = http.SameSiteLaxMode

	mux := http.NewServeMux()
	none := map[string]string{}
	// Stands for your shop's own log-in.
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		var given struct{ Name, Password string }
		err := json.NewDecoder(r.Body).Decode(&given)
		found, known := customers[given.Name]
		right := subtle.ConstantTimeCompare([]byte(found.Password), []byte(given.Password)) == 1
		if err != nil || !known || !right || sessions.RenewToken(r.Context()) != nil {
			answer(w, http.StatusUnauthorized, none)
			return
		}
		sessions.Put(r.Context(), "name", given.Name)
		answer(w, http.StatusOK, none)
	})
	mux.HandleFunc("POST /logout", func(w http.ResponseWriter, r *http.Request) {
		if err := sessions.Destroy(r.Context()); err != nil {
			log.Print(err)
		}
		answer(w, http.StatusOK, none)
	})
	// The userId comes from the session, and from nothing else that the browser sends.
	mux.HandleFunc("/chat-token", func(w http.ResponseWriter, r *http.Request) {
		found, loggedIn := customers[sessions.GetString(r.Context(), "name")]
		switch {
		case r.Method != http.MethodPost:
			answer(w, http.StatusMethodNotAllowed, none)
		// Browsers set Origin and no script can: a page of another site cannot ask in a visitor's name.
		case r.Header.Get("Origin") != origin:
			answer(w, http.StatusForbidden, none)
		case !loggedIn:
			answer(w, http.StatusUnauthorized, none)
		default:
			token, ok := padlock.Token(r.Context(), Visitor{found.UserID, found.VisitorData})
			if !ok {
				answer(w, http.StatusServiceUnavailable, none)
				return
			}
			answer(w, http.StatusOK, map[string]string{"token": token})
		}
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+variable("PORT", "8080"), sessions.LoadAndSave(mux)))
}
