// A connect endpoint in Go, with the standard library only.
//
// It hands out {sessionId, serverUrl, token, roomName}. The request's context ends when the caller
// leaves; a deadline is put on top, and each call upstream gets that context. Only the create does
// not: if it were given up halfway, the id of its session would be lost.
//
// Environment: RUNWAYML_API_SECRET, RUNWAYML_BASE_URL, CONNECT_TIMEOUT_S, PORT.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	pollEvery    = 400 * time.Millisecond
	mostCreates  = 3
	longestPause = 5 * time.Second
	longestBody  = 16 << 10
	longestReply = 1 << 20
)

var presets = map[string]bool{
	"game-character": true, "music-superstar": true, "game-character-man": true,
	"cat-character": true, "influencer": true, "tennis-coach": true,
	"human-resource": true, "fashion-designer": true, "cooking-teacher": true,
}

var uuid = regexp.MustCompile(`\A[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\z`)

// connectError is a failure that a caller may read.
type connectError struct {
	Status  int    `json:"-"`
	Message string `json:"error"`
}

func (e *connectError) Error() string { return e.Message }

// upstreamError is an answer of Runway's that is no success. Its text stays here.
type upstreamError struct {
	status     int
	retryAfter string
}

func (e *upstreamError) Error() string { return fmt.Sprintf("Runway answered %d", e.status) }

type session struct {
	ID         string `json:"id"`
	Status     string `json:"status"`
	SessionKey string `json:"sessionKey"`
}

type room struct {
	URL      string `json:"url"`
	Token    string `json:"token"`
	RoomName string `json:"roomName"`
}

type credentials struct {
	SessionID string `json:"sessionId"`
	ServerURL string `json:"serverUrl"`
	Token     string `json:"token"`
	RoomName  string `json:"roomName"`
}

type gateway struct {
	base, secret string
	timeout      time.Duration
	http         *http.Client
}

func main() {
	seconds, err := strconv.ParseFloat(getenv("CONNECT_TIMEOUT_S", "30"), 64)
	if err != nil {
		log.Fatalf("CONNECT_TIMEOUT_S: %v", err)
	}
	g := &gateway{
		base:    strings.TrimRight(getenv("RUNWAYML_BASE_URL", "https://api.dev.runwayml.com"), "/"),
		secret:  os.Getenv("RUNWAYML_API_SECRET"),
		timeout: time.Duration(seconds * float64(time.Second)),
		http:    &http.Client{Timeout: time.Minute},
	}
	http.HandleFunc("/api/avatar/connect", g.connect)
	log.Fatal(http.ListenAndServe("127.0.0.1:"+getenv("PORT", "3000"), nil))
}

func getenv(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

func (g *gateway) connect(w http.ResponseWriter, r *http.Request) {
	found, err := g.credentials(w, r)
	if err == nil {
		reply(w, http.StatusOK, found)
		return
	}
	if r.Context().Err() == nil {
		log.Print(err)
	}
	problem := problemOf(err)
	reply(w, problem.Status, problem)
}

func (g *gateway) credentials(w http.ResponseWriter, r *http.Request) (*credentials, error) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return nil, &connectError{http.StatusMethodNotAllowed, "Use POST"}
	}
	avatar, err := readAvatar(w, r)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), g.timeout)
	defer cancel()
	creating := make(chan created, 1)
	go func() {
		id, err := g.create(ctx, avatar)
		creating <- created{id, err}
	}()
	var id string
	select {
	case made := <-creating:
		if made.err != nil {
			return nil, made.err
		}
		id = made.id
	case <-ctx.Done():
		go func() { // it is paid for, whenever its id comes
			if made := <-creating; made.err == nil {
				g.cancel(made.id)
			}
		}()
		return nil, ctx.Err()
	}
	found, err := g.ready(ctx, id)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		go g.cancel(id)
		return nil, err
	}
	return found, nil
}

type created struct {
	id  string
	err error
}

func readAvatar(w http.ResponseWriter, r *http.Request) (any, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, longestBody))
	if err != nil {
		return nil, &connectError{http.StatusRequestEntityTooLarge, "The body is too long"}
	}
	var asked struct {
		AvatarID string `json:"avatarId"`
	}
	if json.Unmarshal(body, &asked) != nil {
		return nil, &connectError{http.StatusBadRequest, "Expected a JSON object with an avatarId"}
	}
	switch id := asked.AvatarID; {
	case id == "":
		return nil, &connectError{http.StatusBadRequest, "avatarId is required"}
	case presets[id]:
		return map[string]string{"type": "runway-preset", "presetId": id}, nil
	case uuid.MatchString(id):
		return map[string]string{"type": "custom", "avatarId": id}, nil
	}
	return nil, &connectError{http.StatusNotFound, "Unknown avatar"}
}

// create repeats only what says for certain that there is no session, and when to come back.
func (g *gateway) create(ctx context.Context, avatar any) (string, error) {
	for attempt := 1; ; attempt++ {
		var made session
		body := map[string]any{"model": "gwm1_avatars", "avatar": avatar}
		err := g.call(context.Background(), "POST", "/v1/realtime_sessions", g.secret, body, &made)
		if err == nil && made.ID == "" {
			return "", errors.New("Runway gave no session")
		}
		pause, again := pauseAfter(err)
		if err == nil || !again || attempt == mostCreates {
			return made.ID, err
		}
		if err := sleep(ctx, pause); err != nil {
			return "", err
		}
	}
}

func pauseAfter(err error) (time.Duration, bool) {
	var upstream *upstreamError
	if !errors.As(err, &upstream) || (upstream.status != 429 && upstream.status != 503) {
		return 0, false
	}
	seconds, err := strconv.Atoi(upstream.retryAfter)
	pause := time.Duration(seconds) * time.Second
	return pause, err == nil && seconds > 0 && pause <= longestPause
}

func (g *gateway) ready(ctx context.Context, id string) (*credentials, error) {
	for {
		var now session
		err := g.call(ctx, "GET", "/v1/realtime_sessions/"+id, g.secret, nil, &now)
		switch {
		case err != nil && !passing(err):
			return nil, err
		case err != nil || now.Status == "NOT_READY":
		case now.Status == "READY" && now.SessionKey != "":
			return g.consume(ctx, id, now.SessionKey)
		default: // it has ended, or another caller has used its key
			return nil, errors.New("the session will not become ready")
		}
		if err := sleep(ctx, pollEvery); err != nil {
			return nil, err
		}
	}
}

// passing tells whether looking again may help. Looking changes nothing.
func passing(err error) bool {
	var upstream *upstreamError
	return !errors.As(err, &upstream) || upstream.status == 429 || upstream.status >= 500
}

// consume uses the session's key, which works once: it is never repeated.
func (g *gateway) consume(ctx context.Context, id, key string) (*credentials, error) {
	var in room
	path := "/v1/realtime_sessions/" + id + "/consume"
	if err := g.call(ctx, "POST", path, key, struct{}{}, &in); err != nil {
		return nil, err
	}
	if in.URL == "" || in.Token == "" || in.RoomName == "" {
		return nil, errors.New("Runway gave no credentials")
	}
	return &credentials{id, in.URL, in.Token, in.RoomName}, nil
}

func (g *gateway) cancel(id string) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for attempt := 1; attempt <= 3; attempt++ {
		err := g.call(ctx, "DELETE", "/v1/realtime_sessions/"+id, g.secret, nil, nil)
		if err == nil || !passing(err) || sleep(ctx, time.Duration(attempt)*time.Second) != nil {
			return
		}
	}
	log.Printf("session %s could not be cancelled", id)
}

func (g *gateway) call(ctx context.Context, method, path, bearer string, body, into any) error {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, g.base+path, content)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+bearer)
	request.Header.Set("X-Runway-Version", "2024-11-06")
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := g.http.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, longestReply))
	if response.StatusCode >= 300 {
		return &upstreamError{response.StatusCode, response.Header.Get("Retry-After")}
	}
	if err != nil || into == nil {
		return err
	}
	return json.Unmarshal(text, into)
}

func sleep(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func problemOf(err error) *connectError {
	var ours *connectError
	var upstream *upstreamError
	switch {
	case errors.As(err, &ours):
		return ours
	case errors.Is(err, context.DeadlineExceeded):
		return &connectError{http.StatusGatewayTimeout, "The session took too long"}
	case errors.As(err, &upstream) && (upstream.status == 402 || upstream.status == 429):
		return &connectError{http.StatusServiceUnavailable, "No session is available right now"}
	}
	return &connectError{http.StatusBadGateway, "The session could not be started"}
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}
