<?php

declare(strict_types=1);

// A connect endpoint in PHP, with curl; for php-fpm (see serve.sh) or any other server.
//
// It hands out {sessionId, serverUrl, token, roomName}. PHP learns that a caller has left only when it
// writes to it, so a session that no caller waits for is cancelled at the hand-over, or at the deadline.
//
// Environment: RUNWAYML_API_SECRET, RUNWAYML_BASE_URL, CONNECT_TIMEOUT_S.

const PRESETS = [
    'game-character', 'music-superstar', 'game-character-man', 'cat-character', 'influencer',
    'tennis-coach', 'human-resource', 'fashion-designer', 'cooking-teacher',
];
const UUID = '/\A[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\z/';
const POLL_EVERY_S = 0.4;
const MOST_CREATES = 3;
const LONGEST_PAUSE_S = 5;
const LONGEST_BODY = 16 * 1024;

/** A failure that a caller may read; `getCode()` is the status. */
final class ConnectError extends RuntimeException
{
}

/** No success of Runway's: `getCode()` is its status, 0 without an answer. Its text stays here. */
final class UpstreamError extends RuntimeException
{
    public function __construct(int $status, public readonly float $retryAfter = 0)
    {
        parent::__construct("Runway: " . ($status ?: 'no answer'), $status);
    }

    public function passes(): bool
    {
        return in_array($this->getCode(), [0, 429], true) || $this->getCode() >= 500;
    }
}

/** The calls to Runway, each made once. */
final class Runway
{
    public function __construct(private string $base, private string $secret)
    {
    }

    public function create(array $avatar, float $within): array
    {
        return $this->call('POST', '', $this->secret, $within, ['model' => 'gwm1_avatars', 'avatar' => $avatar]);
    }

    public function retrieve(string $id, float $within): array
    {
        return $this->call('GET', "/$id", $this->secret, $within);
    }

    /** The session's key takes the place of the API secret. */
    public function consume(string $id, string $key, float $within): array
    {
        return $this->call('POST', "/$id/consume", $key, $within, new stdClass());
    }

    public function delete(string $id, float $within): void
    {
        $this->call('DELETE', "/$id", $this->secret, $within);
    }

    private function call(string $method, string $path, string $bearer, float $within, mixed $body = null): array
    {
        $headers = ["Authorization: Bearer $bearer", 'X-Runway-Version: 2024-11-06'];
        $retryAfter = 0.0;
        $curl = curl_init($this->base . '/v1/realtime_sessions' . $path);
        curl_setopt_array($curl, [
            CURLOPT_CUSTOMREQUEST => $method,
            CURLOPT_RETURNTRANSFER => true,
            CURLOPT_TIMEOUT_MS => max(1, (int) (1000 * $within)),
            CURLOPT_HEADERFUNCTION => function ($_, string $line) use (&$retryAfter): int {
                if (stripos($line, 'retry-after:') === 0) {
                    $retryAfter = (float) substr($line, 12);
                }
                return strlen($line);
            },
        ]);
        if ($body !== null) {
            $headers[] = 'Content-Type: application/json';
            curl_setopt($curl, CURLOPT_POSTFIELDS, json_encode($body));
        }
        curl_setopt($curl, CURLOPT_HTTPHEADER, $headers);
        $text = curl_exec($curl);
        $status = curl_getinfo($curl, CURLINFO_RESPONSE_CODE);
        if ($text === false || $status < 200 || $status > 299) {
            throw new UpstreamError($text === false ? 0 : $status, $retryAfter);
        }
        if ($text === '') {
            return [];
        }
        $answer = json_decode($text, true);
        return is_array($answer) ? $answer : throw new UpstreamError(0);
    }
}

/** One caller's connect. */
final class Connect
{
    private ?string $sessionId = null;
    private float $endAt;

    public function __construct(private Runway $runway, float $timeout)
    {
        $this->endAt = microtime(true) + $timeout;
    }

    public function credentials(array $avatar): array
    {
        $id = $this->sessionId = $this->create($avatar);
        $room = $this->runway->consume($id, $this->keyOf($id), $this->left());
        $found = ['sessionId' => $id];
        foreach (['url' => 'serverUrl', 'token' => 'token', 'roomName' => 'roomName'] as $theirs => $ours) {
            $found[$ours] = $room[$theirs] ?? null;
            if (!is_string($found[$ours]) || $found[$ours] === '') {
                throw new ConnectError('Runway gave no credentials', 502);
            }
        }
        return $found;
    }

    /** Cancel the session, if there is one; after the answer. */
    public function cancel(): void
    {
        for ($attempt = 1; $this->sessionId !== null && $attempt <= 3; $attempt++) {
            try {
                $this->runway->delete($this->sessionId, 5);
                return;
            } catch (UpstreamError $error) {
                error_log("session {$this->sessionId} is not cancelled yet: {$error->getMessage()}");
                sleep($attempt);
            }
        }
    }

    /** Only 429 and 503 say for certain that there is no session, and when to come back. */
    private function create(array $avatar): string
    {
        for ($attempt = 1; ; $attempt++) {
            try {
                $id = $this->runway->create($avatar, $this->left())['id'] ?? null;
                return is_string($id) ? $id : throw new ConnectError('Runway gave no session', 502);
            } catch (UpstreamError $error) {
                $pause = in_array($error->getCode(), [429, 503], true) ? $error->retryAfter : 0;
                if ($pause <= 0 || $pause > LONGEST_PAUSE_S || $attempt === MOST_CREATES) {
                    throw $error;
                }
                $this->pause($pause);
            }
        }
    }

    private function keyOf(string $id): string
    {
        for (;; $this->pause(POLL_EVERY_S)) {
            try {
                $session = $this->runway->retrieve($id, min(3, $this->left()));
            } catch (UpstreamError $error) {
                if (!$error->passes()) {
                    throw $error;
                }
                continue; // looking changes nothing: look again, until the deadline
            }
            $status = $session['status'] ?? null;
            $key = $session['sessionKey'] ?? null;
            if ($status === 'READY' && is_string($key) && $key !== '') {
                return $key;
            }
            if ($status !== 'NOT_READY') { // it has ended, or another caller has used its key
                throw new ConnectError('The session will not become ready', 502);
            }
        }
    }

    private function pause(float $seconds): void
    {
        usleep((int) (1e6 * min($seconds, $this->left())));
        $this->left();
    }

    private function left(): float
    {
        $left = $this->endAt - microtime(true);
        return $left > 0 ? $left : throw new ConnectError('The session took too long', 504);
    }
}

function requestedAvatar(): array
{
    if ((int) ($_SERVER['CONTENT_LENGTH'] ?? 0) > LONGEST_BODY) {
        throw new ConnectError('The body is too long', 413);
    }
    $body = json_decode(file_get_contents('php://input'));
    if (!$body instanceof stdClass) {
        throw new ConnectError('Expected a JSON object with an avatarId', 400);
    }
    $id = $body->avatarId ?? null;
    return match (true) {
        !is_string($id) || $id === '' => throw new ConnectError('avatarId is required', 400),
        in_array($id, PRESETS, true) => ['type' => 'runway-preset', 'presetId' => $id],
        preg_match(UUID, $id) === 1 => ['type' => 'custom', 'avatarId' => $id],
        default => throw new ConnectError('Unknown avatar', 404),
    };
}

/** Send the answer to its end, and tell whether the caller was there to take it. */
function reply(int $status, array $body): bool
{
    $text = json_encode($body);
    http_response_code($status);
    header('Content-Type: application/json');
    header('Cache-Control: no-store');
    header('Content-Length: ' . strlen($text));
    flush(); // the headers: where the caller has closed, the next write fails
    usleep(5000);
    echo $text;
    flush();
    return connection_aborted() === 0;
}

ini_set('display_errors', '0');
while (ob_get_level() > 0) {
    ob_end_clean(); // flush() sends nothing that such a buffer holds back
}
ignore_user_abort(true); // the session of a caller who has left is cancelled below
set_time_limit(0);

if ($_SERVER['REQUEST_METHOD'] !== 'POST' || $_SERVER['SCRIPT_NAME'] !== '/api/avatar/connect') {
    reply(404, ['error' => 'Not found']);
    exit;
}
$connect = new Connect(
    new Runway(rtrim(getenv('RUNWAYML_BASE_URL') ?: 'https://api.dev.runwayml.com', '/'), getenv('RUNWAYML_API_SECRET')),
    (float) (getenv('CONNECT_TIMEOUT_S') ?: 30),
);
$handedOver = false;
try {
    $handedOver = reply(200, $connect->credentials(requestedAvatar()));
} catch (ConnectError $error) {
    reply($error->getCode(), ['error' => $error->getMessage()]);
} catch (UpstreamError $error) {
    error_log($error->getMessage());
    $busy = in_array($error->getCode(), [402, 429], true);
    reply($busy ? 503 : 502, ['error' => $busy ? 'No session is available right now' : 'The session could not be started']);
}
if (!$handedOver) {
    $connect->cancel();
}
