<?php
declare(strict_types=1);

namespace App;

use Psr\Log\LoggerInterface;
use Symfony\Contracts\HttpClient\Exception\ExceptionInterface;
use Symfony\Contracts\HttpClient\HttpClientInterface;

/** Tokens for visitors who are logged in. */
final class PadlockTokens
{
    public function __construct(
        private HttpClientInterface $client,
        private LoggerInterface $logger,
        private string $padlockUrl,
        private string $callerIssuer,
        private string $callerKeyFile,
    ) {
    }

    /** The JWT by which Padlock knows this backend. Each call makes its own: nothing has to be kept or renewed. */
    private function callerJwt(): string
    {
        $base64url = fn (string $bytes): string => rtrim(strtr(base64_encode($bytes), '+/', '-_'), '=');
        $now = time();
        $signingInput = implode('.', array_map(fn (array $part) => $base64url(json_encode($part, JSON_THROW_ON_ERROR)), [
            ['alg' => 'RS256', 'typ' => 'JWT'],
            [
                'iss' => $this->callerIssuer,
                'sub' => 'shop-backend',
                'aud' => 'padlock',
                'scope' => 'issue:default',
                'iat' => $now,
                'exp' => $now + 60,
            ],
        ]));
        $key = openssl_pkey_get_private('file://' . realpath($this->callerKeyFile));
        if ($key === false || !openssl_sign($signingInput, $signature, $key, OPENSSL_ALGO_SHA256)) {
            throw new \RuntimeException('PADLOCK_CALLER_KEY_FILE names no private key that can be read');
        }
        return "$signingInput." . $base64url($signature);
    }

    /**
     * A token; null when there is none to be had now, and the log says why.
     *
     * @param string|int $userId as the session has it, not cast
     * @param array<string, string> $visitorData what the agent is to see, such as firstName and city
     */
    public function token(
        #[\SensitiveParameter] mixed $userId,
        #[\SensitiveParameter] array $visitorData = [],
    ): ?string {
        try {
            // PHP makes "1" of true: an id that visitors would share.
            if (!is_string($userId) && !is_int($userId)) {
                throw new \RuntimeException('the userId is of type ' . get_debug_type($userId) . ', not string or int');
            }
            $url = rtrim($this->padlockUrl, '/') . '/v1/profiles/default/tokens';
            $response = $this->client->request('POST', $url, [
                'auth_bearer' => $this->callerJwt(),
                'json' => ['userId' => (string) $userId, 'visitorData' => (object) $visitorData],
                // Padlock answers within 2 seconds, with a token or with a code.
                'max_duration' => 3,
                'max_redirects' => 0,
            ]);
            $status = $response->getStatusCode();
            $answer = $response->toArray(false);
            if ($status === 200 && is_string($answer['token'] ?? null)) {
                return $answer['token'];
            }
            if (!is_string($answer['requestId'] ?? null)) {
                throw new \RuntimeException("$status, and not as Padlock answers: PADLOCK_URL leads to something else");
            }
            // These are fit for a log; the userId, the token and the JWT are not.
            $line = "Padlock: $status {$answer['code']}, request {$answer['requestId']}";
            foreach ($answer['errors'] ?? [] as $fault) {
                $line .= ", {$fault['pointer']} {$fault['code']}";
            }
            $this->logger->error($line);
        } catch (ExceptionInterface | \RuntimeException $error) {
            $this->logger->error('Padlock: ' . $error->getMessage());
        }
        return null;
    }
}
