// A connect endpoint in Java 17, with the standard library only: com.sun.net.httpserver in front,
// java.net.http behind, and a small JSON reader, because the library has none.
//
//   java Gateway.java
//
// It hands out {sessionId, serverUrl, token, roomName}. The server shows no socket, so it learns that a
// caller has left only when it writes to it: a session that no caller waits for is cancelled at the
// hand-over, or at the deadline.
//
// Environment: RUNWAYML_API_SECRET, RUNWAYML_BASE_URL, CONNECT_TIMEOUT_S, PORT.

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;

public final class Gateway {
    static final Set<String> PRESETS = Set.of(
            "game-character", "music-superstar", "game-character-man", "cat-character", "influencer",
            "tennis-coach", "human-resource", "fashion-designer", "cooking-teacher");
    static final Pattern UUID = Pattern.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");
    static final long POLL_EVERY_MS = 400;
    static final int MOST_CREATES = 3;
    static final long LONGEST_PAUSE_MS = 5000;
    static final int LONGEST_BODY = 16 * 1024;

    static final String BASE =
            getenv("RUNWAYML_BASE_URL", "https://api.dev.runwayml.com").replaceAll("/+$", "");
    static final String SECRET = getenv("RUNWAYML_API_SECRET", "");
    static final long TIMEOUT_MS = (long) (1000 * Double.parseDouble(getenv("CONNECT_TIMEOUT_S", "30")));
    static final HttpClient HTTP = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();

    /** A failure that a caller may read. */
    static final class ConnectError extends Exception {
        final int status;

        ConnectError(int status, String message) {
            super(message);
            this.status = status;
        }
    }

    /** No success of Runway's; its text stays here. Status 0: no answer, or none that can be read. */
    static final class UpstreamError extends Exception {
        final int status;
        final long retryAfterMs;

        UpstreamError(int status, Optional<String> retryAfter) {
            super("Runway: " + (status == 0 ? "no answer" : status));
            this.status = status;
            this.retryAfterMs = retryAfter.filter(each -> each.matches("\\d{1,9}")).map(Long::parseLong)
                    .map(seconds -> 1000 * seconds).orElse(0L);
        }

        boolean passes() {
            return status == 0 || status == 429 || status >= 500;
        }
    }

    public static void main(String[] arguments) throws IOException {
        var address = new InetSocketAddress("127.0.0.1", Integer.parseInt(getenv("PORT", "3000")));
        var server = HttpServer.create(address, 128);
        server.setExecutor(Executors.newCachedThreadPool());
        server.createContext("/api/avatar/connect", Gateway::connect);
        server.start();
    }

    static String getenv(String name, String otherwise) {
        var value = System.getenv(name);
        return value == null || value.isEmpty() ? otherwise : value;
    }

    static void connect(HttpExchange exchange) throws IOException {
        var connect = new Connect();
        var handedOut = false;
        try (exchange) {
            try {
                if (!exchange.getRequestMethod().equals("POST")) throw new ConnectError(405, "Use POST");
                var credentials = connect.credentials(requestedAvatar(exchange));
                reply(exchange, 200, credentials);
                handedOut = true;
            } catch (ConnectError error) {
                reply(exchange, error.status, Map.of("error", error.getMessage()));
            } catch (TimeoutException error) {
                reply(exchange, 504, Map.of("error", "The session took too long"));
            } catch (UpstreamError error) {
                System.err.println(error.getMessage());
                var busy = error.status == 402 || error.status == 429;
                var text = busy ? "No session is available right now" : "The session could not be started";
                reply(exchange, busy ? 503 : 502, Map.of("error", text));
            } catch (InterruptedException error) {
                Thread.currentThread().interrupt();
            }
        } finally {
            if (!handedOut) connect.cancel();
        }
    }

    static Map<String, String> requestedAvatar(HttpExchange exchange) throws IOException, ConnectError {
        var raw = exchange.getRequestBody().readNBytes(LONGEST_BODY + 1);
        if (raw.length > LONGEST_BODY) throw new ConnectError(413, "The body is too long");
        var body = Json.read(raw).filter(Map.class::isInstance).map(each -> (Map<?, ?>) each)
                .orElseThrow(() -> new ConnectError(400, "Expected a JSON object with an avatarId"));
        if (!(body.get("avatarId") instanceof String id) || id.isEmpty()) {
            throw new ConnectError(400, "avatarId is required");
        }
        if (PRESETS.contains(id)) return Map.of("type", "runway-preset", "presetId", id);
        if (UUID.matcher(id).matches()) return Map.of("type", "custom", "avatarId", id);
        throw new ConnectError(404, "Unknown avatar");
    }

    /** Send the headers first: if the caller has closed, writing the body then fails. */
    static void reply(HttpExchange exchange, int status, Map<String, String> body) throws IOException {
        var text = Json.write(body).getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.getResponseHeaders().set("Cache-Control", "no-store");
        exchange.sendResponseHeaders(status, text.length);
        var out = exchange.getResponseBody();
        try {
            out.write(text, 0, 1);
            out.flush();
            Thread.sleep(5);
            out.write(text, 1, text.length - 1);
            out.flush();
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
        }
    }

    /** One caller's connect. */
    static final class Connect {
        private final long endAt = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(TIMEOUT_MS);
        private CompletableFuture<Map<?, ?>> creating = CompletableFuture.completedFuture(Map.of());

        Map<String, String> credentials(Map<String, String> avatar)
                throws ConnectError, UpstreamError, TimeoutException, InterruptedException {
            var id = create(avatar);
            var consuming = call("POST", "/" + id + "/consume", keyOf(id), "{}");
            var room = within(leftMs(), consuming);
            var found = new LinkedHashMap<String, String>();
            found.put("sessionId", id);
            Map.of("url", "serverUrl", "token", "token", "roomName", "roomName").forEach((theirs, ours) -> {
                if (room.get(theirs) instanceof String text && !text.isEmpty()) found.put(ours, text);
            });
            if (found.size() != 4) throw new ConnectError(502, "Runway gave no credentials");
            return found;
        }

        /** Cancel the session, if there is one or will be one. */
        void cancel() {
            creating.thenAccept(made -> {
                if (made.get("id") instanceof String id) cancel(id, 1);
            });
        }

        private static void cancel(String id, int attempt) {
            call("DELETE", "/" + id, SECRET, null).orTimeout(5, TimeUnit.SECONDS).whenComplete((done, error) -> {
                if (error == null) return;
                if (attempt == 3) {
                    System.err.println("session " + id + " could not be cancelled");
                } else {
                    CompletableFuture.delayedExecutor(attempt, TimeUnit.SECONDS)
                            .execute(() -> cancel(id, attempt + 1));
                }
            });
        }

        /** Repeats only 429 and 503: they say that there is no session, and when to come back. */
        private String create(Map<String, String> avatar)
                throws ConnectError, UpstreamError, TimeoutException, InterruptedException {
            var body = "{\"model\": \"gwm1_avatars\", \"avatar\": " + Json.write(avatar) + "}";
            for (var attempt = 1; ; attempt++) {
                try {
                    creating = call("POST", "", SECRET, body);
                    if (within(leftMs(), creating).get("id") instanceof String id) return id;
                    throw new ConnectError(502, "Runway gave no session");
                } catch (UpstreamError error) {
                    var pause = error.retryAfterMs;
                    var again = (error.status == 429 || error.status == 503) && attempt < MOST_CREATES;
                    if (!again || pause <= 0 || pause > LONGEST_PAUSE_MS) throw error;
                    pause(pause);
                }
            }
        }

        private String keyOf(String id)
                throws ConnectError, UpstreamError, TimeoutException, InterruptedException {
            for (; ; pause(POLL_EVERY_MS)) {
                Map<?, ?> session;
                try {
                    session = within(Math.min(3000, leftMs()), call("GET", "/" + id, SECRET, null));
                } catch (UpstreamError error) {
                    if (!error.passes()) throw error;
                    continue; // looking changes nothing: look again, until the deadline
                } catch (TimeoutException error) {
                    leftMs();
                    continue;
                }
                var status = session.get("status");
                if ("READY".equals(status) && session.get("sessionKey") instanceof String key && !key.isEmpty()) {
                    return key;
                }
                if (!"NOT_READY".equals(status)) { // it has ended, or another caller has used its key
                    throw new ConnectError(502, "The session will not become ready");
                }
            }
        }

        private void pause(long milliseconds) throws TimeoutException, InterruptedException {
            Thread.sleep(Math.min(milliseconds, leftMs()));
            leftMs();
        }

        private long leftMs() throws TimeoutException {
            var left = TimeUnit.NANOSECONDS.toMillis(endAt - System.nanoTime());
            if (left <= 0) throw new TimeoutException();
            return left;
        }
    }

    /** Call Runway; the result is its JSON object, or an UpstreamError. */
    static CompletableFuture<Map<?, ?>> call(String method, String path, String bearer, String body) {
        var request = HttpRequest.newBuilder(URI.create(BASE + "/v1/realtime_sessions" + path))
                .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
                .header("Authorization", "Bearer " + bearer)
                .header("X-Runway-Version", "2024-11-06")
                .timeout(Duration.ofSeconds(60));
        if (body != null) request.header("Content-Type", "application/json");
        return HTTP.sendAsync(request.build(), BodyHandlers.ofByteArray()).thenApply(Gateway::objectIn);
    }

    static Map<?, ?> objectIn(HttpResponse<byte[]> response) {
        var status = response.statusCode();
        if (status >= 300) {
            throw new CompletionException(new UpstreamError(status, response.headers().firstValue("Retry-After")));
        }
        if (response.body().length == 0) return Map.of();
        return Json.read(response.body()).filter(Map.class::isInstance).map(each -> (Map<?, ?>) each)
                .orElseThrow(() -> new CompletionException(new UpstreamError(0, Optional.empty())));
    }

    static Map<?, ?> within(long milliseconds, CompletableFuture<Map<?, ?>> calling)
            throws UpstreamError, TimeoutException, InterruptedException {
        try {
            return calling.get(milliseconds, TimeUnit.MILLISECONDS);
        } catch (ExecutionException error) {
            if (error.getCause() instanceof UpstreamError upstream) throw upstream;
            throw new UpstreamError(0, Optional.empty());
        }
    }

    /** JSON as maps, lists, strings, doubles, booleans and null. */
    static final class Json {
        private static final int DEEPEST = 64;
        private static final Pattern NUMBER = Pattern.compile("-?(0|[1-9]\\d*)(\\.\\d+)?([eE][+-]?\\d+)?");
        private static final Object NULL = new Object();
        private final String text;
        private int at;

        private Json(String text) {
            this.text = text;
        }

        /** Return what the bytes mean; empty if they are no JSON, or null. */
        static Optional<Object> read(byte[] raw) {
            try {
                var text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(raw)).toString();
                var reader = new Json(text);
                var value = reader.value(0);
                if (reader.next() != 0) return Optional.empty();
                return Optional.of(value).filter(each -> each != NULL);
            } catch (CharacterCodingException | IllegalArgumentException | IndexOutOfBoundsException error) {
                return Optional.empty();
            }
        }

        static String write(Map<String, String> object) {
            var fields = new ArrayList<String>();
            object.forEach((name, value) -> fields.add(quoted(name) + ": " + quoted(value)));
            return "{" + String.join(", ", fields) + "}";
        }

        private static String quoted(String text) {
            var out = new StringBuilder("\"");
            text.chars().forEach(each -> {
                if (each == '"' || each == '\\') out.append('\\').append((char) each);
                else if (each < ' ') out.append(String.format("\\u%04x", each));
                else out.append((char) each);
            });
            return out.append('"').toString();
        }

        private char next() {
            while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) at++;
            return at < text.length() ? text.charAt(at) : 0;
        }

        private void expect(char wanted) {
            if (next() != wanted) throw new IllegalArgumentException();
            at++;
        }

        private boolean took(char wanted) {
            if (next() != wanted) return false;
            at++;
            return true;
        }

        private Object value(int depth) {
            if (depth > DEEPEST) throw new IllegalArgumentException();
            return switch (next()) {
                case '{' -> object(depth);
                case '[' -> list(depth);
                case '"' -> string();
                case 't' -> word("true", true);
                case 'f' -> word("false", false);
                case 'n' -> word("null", NULL);
                default -> number();
            };
        }

        private Map<String, Object> object(int depth) {
            var found = new LinkedHashMap<String, Object>();
            expect('{');
            if (took('}')) return found;
            do {
                next();
                var name = string();
                expect(':');
                found.put(name, value(depth + 1));
            } while (took(','));
            expect('}');
            return found;
        }

        private List<Object> list(int depth) {
            var found = new ArrayList<Object>();
            expect('[');
            if (took(']')) return found;
            do {
                found.add(value(depth + 1));
            } while (took(','));
            expect(']');
            return found;
        }

        private String string() {
            var out = new StringBuilder();
            expect('"');
            for (char each; (each = text.charAt(at++)) != '"'; ) {
                if (each < ' ') throw new IllegalArgumentException();
                if (each != '\\') {
                    out.append(each);
                    continue;
                }
                var escaped = text.charAt(at++);
                if (escaped == 'u') {
                    out.append((char) Integer.parseInt(text.substring(at, at += 4), 16));
                } else {
                    var index = "\"\\/bfnrt".indexOf(escaped);
                    if (index < 0) throw new IllegalArgumentException();
                    out.append("\"\\/\b\f\n\r\t".charAt(index));
                }
            }
            return out.toString();
        }

        private Object word(String word, Object value) {
            if (!text.startsWith(word, at)) throw new IllegalArgumentException();
            at += word.length();
            return value;
        }

        private Double number() {
            var matcher = NUMBER.matcher(text).region(at, text.length());
            if (!matcher.lookingAt()) throw new IllegalArgumentException();
            at = matcher.end();
            return Double.valueOf(matcher.group());
        }
    }
}
