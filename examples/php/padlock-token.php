<?php
declare(strict_types=1);

/** A variable of the environment. @throws RuntimeException where it is not set or empty */
function setting(string $name): string
{
    return getenv($name) ?: throw new RuntimeException("$name is not set");
}

/** The JWT by which Padlock knows this backend. Each page view makes its own: nothing has to be kept or renewed. */
function callerJwt(): string
{
    $base64url = fn (string $bytes): string => rtrim(strtr(base64_encode($bytes), '+/', '-_'), '=');
    $now = time();
    $signingInput = implode('.', array_map(fn (array $part) => $base64url(json_encode($part, JSON_THROW_ON_ERROR)), [
        ['alg' => 'RS256', 'typ' => 'JWT'],
        [
            'iss' => setting('PADLOCK_CALLER_ISSUER'),
            'sub' => 'shop-backend',
            'aud' => 'padlock',
            'scope' => 'issue:default',
            'iat' => $now,
            'exp' => $now + 60,
        ],
    ]));
    $key = openssl_pkey_get_private('file://' . realpath(setting('PADLOCK_CALLER_KEY_FILE')));
    if ($key === false || !openssl_sign($signingInput, $signature, $key, OPENSSL_ALGO_SHA256)) {
        throw new RuntimeException('PADLOCK_CALLER_KEY_FILE names no private key that can be read');
    }
    return "$signingInput." . $base64url($signature);
}

/**
 * A token for a visitor who is logged in; null when there is none to be had now, and the log says why.
 *
 * @param string|int $userId as the session has it, not cast
 * @param array<string, string> $visitorData what the agent is to see, such as firstName and city
 */
function padlockToken(
    #[SensitiveParameter] mixed $userId,
    #[SensitiveParameter] array $visitorData = [],
): ?string {
    try {
        // PHP makes "1" of true: an id that visitors would share.
        if (!is_string($userId) && !is_int($userId)) {
            throw new RuntimeException('the userId is of type ' . get_debug_type($userId) . ', not string or int');
        }
        $call = curl_init(rtrim(setting('PADLOCK_URL'), '/') . '/v1/profiles/default/tokens');
        curl_setopt_array($call, [
            CURLOPT_POSTFIELDS => json_encode(
                ['userId' => (string) $userId, 'visitorData' => (object) $visitorData],
                JSON_THROW_ON_ERROR,
            ),
            CURLOPT_HTTPHEADER => ['Authorization: Bearer ' . callerJwt(), 'Content-Type: application/json'],
            CURLOPT_RETURNTRANSFER => true,
            CURLOPT_FOLLOWLOCATION => false,
            CURLOPT_CONNECTTIMEOUT_MS => 1000,
            // Padlock answers within 2 seconds, with a token or with a code.
            CURLOPT_TIMEOUT_MS => 3000,
        ]);
        $body = curl_exec($call);
        if ($body === false) {
            error_log('Padlock: ' . curl_error($call));
            return null;
        }
        $status = curl_getinfo($call, CURLINFO_RESPONSE_CODE);
        $answer = json_decode($body, true);
        if ($status === 200 && is_string($answer['token'] ?? null)) {
            return $answer['token'];
        }
        if (!is_string($answer['requestId'] ?? null)) {
            error_log("Padlock: $status, and not as Padlock answers: PADLOCK_URL leads to something else");
            return null;
        }
        // These are fit for a log; the userId, the token and the JWT are not.
        $line = "Padlock: $status {$answer['code']}, request {$answer['requestId']}";
        foreach ($answer['errors'] ?? [] as $fault) {
            $line .= ", {$fault['pointer']} {$fault['code']}";
        }
        error_log($line);
    } catch (JsonException | RuntimeException $error) {
        error_log('Padlock: ' . ($error instanceof JsonException ? 'text that is not UTF-8' : $error->getMessage()));
    }
    return null;
}
